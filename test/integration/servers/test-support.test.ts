import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { createTestDatabase, createTestRedis } from '#testing';

test('a suite gets an empty database of its own, gone after it', async () => {
  const first = await createTestDatabase();
  const second = await createTestDatabase();
  expect(first.name).not.toBe(second.name);

  const connection = await createConnection(first.options);
  const rows = async (sql: string) => (await connection.query<RowDataPacket[]>(sql))[0];
  expect(await rows('SELECT DATABASE() AS name')).toEqual([{ name: first.name }]);
  expect(await rows('SHOW TABLES')).toEqual([]);

  await second.drop();
  expect(await rows(`SHOW DATABASES LIKE '${second.name}'`)).toEqual([]);
  await connection.end();
  await first.drop();
});

test('the database server keeps what it commits and speaks utf8mb4 in UTC', async () => {
  await using database = await createTestDatabase();
  const connection = await createConnection(database.options);
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT @@innodb_flush_log_at_trx_commit AS flushed, @@character_set_database AS charset, @@time_zone AS zone',
  );
  await connection.end();
  expect(rows).toEqual([{ flushed: 1, charset: 'utf8mb4', zone: '+00:00' }]);
});

test('a suite gets a key prefix of its own, gone after it', async () => {
  await using looker = createTestRedis();
  const redis = createTestRedis();
  await redis.redis.set(`${redis.prefix}:a`, '1');
  await redis.redis.lpush(`${redis.prefix}:b`, '1');
  await looker.redis.set(`${looker.prefix}:kept`, '1');
  expect(await looker.redis.keys(`${redis.prefix}*`)).toHaveLength(2);
  await redis.drop();
  expect(await looker.redis.keys(`${redis.prefix}*`)).toEqual([]);
  expect(await looker.redis.get(`${looker.prefix}:kept`)).toBe('1');
});

test('Redis evicts nothing', async () => {
  await using redis = createTestRedis();
  expect(await redis.redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
});

import { describe, expect, it } from 'vitest';
import { needMysql, needRedis, readEnvironment } from '#config';

describe('the environment', () => {
  it('is read as it is written', () => {
    const environment = readEnvironment({
      BEEPRO_MYSQL_URL: 'mysql://beepro@db/beepro',
      BEEPRO_MYSQL_PASSWORD_FILE: '/run/secrets/mysql',
      BEEPRO_REDIS_URL: 'redis-sentinel://a:26379,b:26379/master',
      BEEPRO_STATE_DIR: '/var/lib/beepro',
      BEEPRO_SEALER_BIN: '/usr/bin/beepro-sealer',
      BEEPRO_WORKER_NAME: 'host-a',
      BEEPRO_WORKER_LISTEN: '0.0.0.0:8850',
      BEEPRO_WORKER_ADVERTISE: '[fd00::5]:8850',
      BEEPRO_WORKER_SECRET_FILE: '/run/secrets/workers',
      PATH: '/bin',
    });
    expect(environment).toEqual({
      mysql: { url: 'mysql://beepro@db/beepro', passwordFile: '/run/secrets/mysql' },
      redis: { url: 'redis-sentinel://a:26379,b:26379/master', passwordFile: undefined },
      stateDir: '/var/lib/beepro',
      sealerBin: '/usr/bin/beepro-sealer',
      workerName: 'host-a',
      workerStream: {
        listen: { host: '0.0.0.0', port: 8850 },
        advertise: { host: 'fd00::5', port: 8850 },
        secretFile: '/run/secrets/workers',
      },
    });
  });

  it('needs nothing until something is needed', () => {
    const empty = readEnvironment({ BEEPRO_REDIS_URL: '', BEEPRO_WORKER_NAME: '' });
    expect(empty).toMatchObject({ mysql: undefined, redis: undefined, sealerBin: undefined });
    expect(empty.workerName).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
    expect(empty.workerStream.listen).toEqual({ host: '127.0.0.1', port: 0 });
    expect(() => needMysql(empty)).toThrow(/BEEPRO_MYSQL_URL is not set/);
    expect(() => needRedis(empty)).toThrow(/BEEPRO_REDIS_URL is not set/);
  });

  it.each([
    'redis://h',
    'rediss://u:p@h:1/2',
    'unix:///run/r.sock',
    'redis+unix:///run/r.sock?db=1',
    'redis-sentinel://a,b/m',
    'redis-cluster://a,b',
    'rediss-cluster://a',
  ])('takes %s', (url) => {
    expect(needRedis(readEnvironment({ BEEPRO_REDIS_URL: url })).url).toBe(url);
  });

  it('names every variable that is wrong, and no value', () => {
    const wrong = {
      BEEPRO_MYSQL_URL: 'postgres://user:hush@h/b',
      BEEPRO_REDIS_URL: 'http://:hush@h',
      BEEPRO_WORKER_NAME: 'a b',
    };
    let message = '';
    try {
      readEnvironment(wrong);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENVIRONMENT_INVALID', severity: 'fatal' });
      message = (error as Error).message;
    }
    for (const name of Object.keys(wrong)) expect(message).toContain(name);
    expect(message).not.toContain('hush');
  });
});

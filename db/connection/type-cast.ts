import type { TypeCastField, TypeCastNext } from 'mysql2';

/**
 * How columns become values, the same on MariaDB and MySQL: DECIMAL without decimals → bigint (attoFIL),
 * TINYINT(1) → boolean, JSON → its value. The rest is mysql2's: BIGINT → number (a string beyond 2^53),
 * DATETIME → Date in UTC. MariaDB reports JSON as LONGTEXT with extended metadata, which mysql2 reads.
 */
export function typeCast(field: TypeCastField, next: TypeCastNext): unknown {
  switch (field.type) {
    case 'DECIMAL':
    case 'NEWDECIMAL': {
      const text = field.string();
      if (text === null) return null;
      return text.includes('.') ? text : BigInt(text);
    }
    case 'TINY': {
      if (field.length !== 1) return next();
      const text = field.string();
      return text === null ? null : text !== '0';
    }
    default:
      return next();
  }
}

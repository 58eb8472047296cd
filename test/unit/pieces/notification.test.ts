import { describe, expect, it } from 'vitest';
import { parseNotification } from '#pieces';

describe('whom a piece is told of', () => {
  it.each([
    ['f05:8201f6', { address: 'f05', payload: '8201f6' }],
    ['t05:0x8201F6', { address: 't05', payload: '8201f6' }],
    ['t01234:', { address: 't01234', payload: '' }],
  ])('%s is taken', (text, notification) => {
    expect(parseNotification(text)).toEqual(notification);
  });

  it.each([
    ['without a payload', 'f05'],
    ['without an address', ':00'],
    ['a payload that is no hex', 'f05:hello'],
    ['half a byte', 'f05:123'],
    ['an address that is none', 'f2nonsense:00'],
    ['the address of a key', 't1xcbgdhkgkwht3hrrnui3jdopeejsoatkzmoltqy:00'],
    ['more than a message can spare', `f05:${'00'.repeat(4_097)}`],
  ])('%s is refused', (_what, text) => {
    expect(() => parseNotification(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });
});

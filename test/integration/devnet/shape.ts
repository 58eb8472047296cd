/** Forms that a string takes in Lotus' JSON, told apart as far as they can be. */
function formOf(text: string): string {
  if (/^-?\d+$/.test(text)) return 'decimal';
  if (/^[tf]\d[a-z0-9]*$/.test(text)) return 'address';
  if (/^ba[a-z2-7]{50,}$/.test(text)) return 'cid';
  return 'text';
}

/**
 * Where two answers differ in shape: other keys, other types, another form of string. What is null or empty on
 * either side says nothing. Returns the paths, none when they agree.
 */
export function shapeDifferences(ours: unknown, recorded: unknown, path = '$'): string[] {
  if (ours === null || recorded === null) return [];
  if (typeof ours !== typeof recorded || Array.isArray(ours) !== Array.isArray(recorded))
    return [`${path}: ${kind(ours)} where Lotus has ${kind(recorded)}`];
  if (typeof ours === 'string') {
    const [a, b] = [formOf(ours), formOf(recorded as string)];
    return a === b || ours === '' || recorded === '' ? [] : [`${path}: ${a} where Lotus has ${b}`];
  }
  if (Array.isArray(ours)) {
    const others = recorded as unknown[];
    if (others.length === 0) return [];
    return ours
      .slice(0, 3)
      .flatMap((item, index) => shapeDifferences(item, others[index] ?? others[0], `${path}[${index}]`));
  }
  if (typeof ours !== 'object') return [];
  const [a, b] = [ours as Record<string, unknown>, recorded as Record<string, unknown>];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => {
    if (!(key in a)) return [`${path}.${key} is missing`];
    if (!(key in b)) return [`${path}.${key} is not in Lotus' answer`];
    return shapeDifferences(a[key], b[key], `${path}.${key}`);
  });
}

function kind(value: unknown): string {
  return Array.isArray(value) ? 'an array' : typeof value;
}

/** `token` for the first node, `token-1` for the next; `mempool-1.jsonl` where the name ends so. */
export function nodeFile(name: string, node: number): string {
  if (node === 0) return name;
  const dot = name.indexOf('.');
  return dot < 0 ? `${name}-${node}` : `${name.slice(0, dot)}-${node}${name.slice(dot)}`;
}

import { createHash } from 'node:crypto';

interface Subtree {
  readonly size: number;
  readonly node: Buffer;
}

/** A node over two: SHA-256 with the two highest bits cleared, so that it is a field element. */
function parent(left: Buffer, right: Buffer): Buffer {
  return fieldElement(createHash('sha256').update(left).update(right).digest());
}

/**
 * CommD of a sector with these pieces, 32 bytes in hex: the one thing that a stand-in must get right, since the chain
 * computes it too. Each piece lies at the next multiple of its padded size; the rest is zero.
 */
export function commDOf(
  pieces: readonly { readonly padded_size: number; readonly comm_p: string }[],
  sectorSize: number,
): string {
  const stack: Subtree[] = [];
  let filled = 0;
  const push = (tree: Subtree) => {
    filled += tree.size;
    let top = tree;
    for (let left = stack.at(-1); left?.size === top.size; left = stack.at(-1)) {
      stack.pop();
      top = { size: top.size * 2, node: parent(left.node, top.node) };
    }
    stack.push(top);
  };
  const padTo = (multiple: number) => {
    while (filled % multiple !== 0) {
      let size = 1;
      while (filled % (size * 2) === 0) size *= 2;
      push({ size, node: zeroNode(size) });
    }
  };
  for (const piece of pieces) {
    padTo(piece.padded_size);
    push({ size: piece.padded_size, node: Buffer.from(piece.comm_p, 'hex') });
  }
  if (stack.length > 0) padTo(sectorSize);
  return (stack[0]?.node ?? zeroNode(sectorSize)).toString('hex');
}

/** CommR of no replica: nobody could prove it. Hex. */
export function standInCommR(
  sector: { miner: number; number: number; proof: number },
  ticket: string,
): string {
  const text = `beepro-replay comm_r ${sector.miner} ${sector.number} ${sector.proof} ${ticket}`;
  return fieldElement(createHash('sha256').update(text).digest()).toString('hex');
}

const zeroes: Buffer[] = [Buffer.alloc(32)];

function zeroNode(size: number): Buffer {
  const height = Math.log2(size / 32);
  for (let level = zeroes.length; level <= height; level++) {
    const below = zeroes[level - 1] ?? Buffer.alloc(32);
    zeroes.push(parent(below, below));
  }
  return zeroes[height] ?? Buffer.alloc(32);
}

function fieldElement(digest: Buffer): Buffer {
  digest[31] = (digest[31] ?? 0) & 0x3f;
  return digest;
}

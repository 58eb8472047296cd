import type { Epoch } from '#core';

/** A node as the choice sees it. */
export interface Candidate {
  readonly isInRotation: boolean;
  /** It has been found to have no such method, or its token to allow none. */
  readonly lacksMethod: boolean;
  /** Calls under way and waiting. */
  readonly outstanding: number;
  /** Mean, in ms; undefined before the first answer. */
  readonly latencyMs: number | undefined;
  readonly height: Epoch | undefined;
  /** Whether it has answered about the tipset asked for, or has said that it does not have it. */
  readonly knowsTipSet: boolean | undefined;
}

export interface Question {
  /** `balanced`: any node that has the tipset. `first`: the node that the process looks at the chain through. */
  readonly reach: 'balanced' | 'first';
  /** The height of the tipset that the call names, as far as known; undefined too when it names none. */
  readonly height: Epoch | undefined;
  /** Where the process looks at the chain through; −1 for none. */
  readonly primary: number;
}

/**
 * Which node is asked, as an index; undefined when none may be. Of those that have the tipset most surely, two are
 * drawn and the less busy one is taken ("power of two choices"). `random` gives numbers from 0 to below 1.
 */
export function chooseNode(
  nodes: readonly Candidate[],
  question: Question,
  random: () => number,
): number | undefined {
  const open = nodes.flatMap((node, index) => (node.isInRotation && !node.lacksMethod ? [index] : []));
  const { reach, primary } = question;
  if (reach === 'first') return open.includes(primary) ? primary : open[0];
  const ranked = open.map((index) => ({ index, rank: rankOf(nodes[index], question.height) }));
  const best = Math.max(...ranked.map(({ rank }) => rank));
  const equal = ranked.filter(({ rank }) => rank === best).map(({ index }) => index);
  const draw = () => equal[Math.floor(random() * equal.length)];
  const [a, b] = [draw(), draw()];
  if (a === undefined || b === undefined || a === b) return a;
  return burden(nodes[b]) < burden(nodes[a]) ? b : a;
}

/** How surely a node has the tipset: 3 it does, 2 its head is as high, 1 it is not known, 0 it said no or is below. */
function rankOf(node: Candidate | undefined, height: Epoch | undefined): number {
  if (!node || node.knowsTipSet === false) return 0;
  if (node.knowsTipSet) return 3;
  if (height === undefined || node.height === undefined) return 1;
  return node.height >= height ? 2 : 0;
}

/** How long a further call may take there, in ms, as far as can be told. */
function burden(node: Candidate | undefined): number {
  return ((node?.outstanding ?? 0) + 1) * Math.max(1, node?.latencyMs ?? 1);
}

/** A node as the choice of the primary sees it. */
export interface PrimaryCandidate extends Pick<Candidate, 'isInRotation' | 'height'> {
  /** It has been in rotation for long enough to be gone back to. */
  readonly isSteady: boolean;
}

/**
 * The node that the process looks at the chain through: the one it has while that is in rotation and none named before
 * it has come back for good; else the first in rotation whose head is not below the one seen; else the first in
 * rotation. −1 when there is none.
 */
export function choosePrimary(
  nodes: readonly PrimaryCandidate[],
  primary: number,
  headSeen: Epoch | undefined,
): number {
  const isAsHigh = ({ height }: PrimaryCandidate): boolean => (height ?? 0) >= (headSeen ?? 0);
  if (nodes[primary]?.isInRotation) {
    const better = nodes
      .slice(0, primary)
      .findIndex((node) => node.isInRotation && node.isSteady && isAsHigh(node));
    return better >= 0 ? better : primary;
  }
  const asHigh = nodes.findIndex((node) => node.isInRotation && isAsHigh(node));
  return asHigh >= 0 ? asHigh : nodes.findIndex(({ isInRotation }) => isInRotation);
}

import { BeeproError } from '#core';
import type { ParameterState } from './classify.ts';
import type { InspectedFile } from './inspect.ts';

/** The chain that proofs are made for. */
export interface ProofNetwork {
  /** As the chain calls itself (Lotus `StateNetworkName`): `mainnet`, `calibrationnet`, … */
  readonly name: string;
  /** The devnet that is part of BeePro. */
  readonly embedded: boolean;
}

/** What the embedded devnet calls itself, and its variants for tests. */
const EMBEDDED = /^beepro-devnet(-|$)/;

/** A network by the name that its chain gives itself. */
export function proofNetwork(name: string): ProofNetwork {
  return { name, embedded: EMBEDDED.test(name) };
}

/** An operator's word that a file is right for a network, for exactly this content. */
export interface TrustRecord {
  readonly network: string;
  readonly file: string;
  readonly digest: string;
}

/**
 * Networks of Filecoin's trusted set-up: whoever made other parameters could forge proofs, and proofs made with
 * them are refused by everybody. No word of an operator changes that.
 */
const CEREMONY_NETWORKS: readonly string[] = ['mainnet', 'calibrationnet', 'calibration'];

export function usesCeremony(network: ProofNetwork): boolean {
  return CEREMONY_NETWORKS.includes(network.name);
}

export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: 'missing' | 'corrupt' | 'not-published' | 'not-trusted' };

/** Whether a file may be used on a network. */
export function judge(
  network: ProofNetwork,
  file: { readonly name: string; readonly state: ParameterState; readonly digest?: string | undefined },
  trusted: readonly TrustRecord[],
): Verdict {
  switch (file.state) {
    case 'missing':
    case 'corrupt':
      return { allowed: false, reason: file.state };
    case 'published-verified':
      return { allowed: true };
    case 'generated':
    case 'unknown': {
      if (usesCeremony(network)) return { allowed: false, reason: 'not-published' };
      if (network.embedded) return { allowed: true };
      const word = trusted.some(
        (record) =>
          record.network === network.name && record.file === file.name && record.digest === file.digest,
      );
      return word ? { allowed: true } : { allowed: false, reason: 'not-trusted' };
    }
  }
}

/** Files of one set that come from several set-ups: proofs made with one do not verify with the other. */
function mixedFiles(files: readonly InspectedFile[]): readonly InspectedFile[] {
  const isPublished = (state: ParameterState) => state === 'published-verified';
  const present = files.filter(({ state }) => state !== 'missing' && state !== 'corrupt');
  return present.filter(({ file, state }) =>
    present.some(
      (other) =>
        other.file.kind === file.kind &&
        other.file.size === file.size &&
        isPublished(other.state) !== isPublished(state),
    ),
  );
}

const REASONS = {
  missing: 'is missing',
  corrupt: 'is corrupt',
  'not-published': 'is not the published file',
  'not-trusted': 'is not the published file and is not trusted here by name',
} as const;

/**
 * Refuses a folder unless every file may be used.
 * @throws BeeproError `PARAMS_REFUSED` that names every file refused
 */
export function requireUsable(
  folder: string,
  network: ProofNetwork,
  files: readonly InspectedFile[],
  trusted: readonly TrustRecord[],
): void {
  const refusals = files.flatMap(({ file, state, digest }) => {
    const verdict = judge(network, { name: file.name, state, digest }, trusted);
    return verdict.allowed ? [] : [`${file.name} ${REASONS[verdict.reason]}`];
  });
  const mixed = mixedFiles(files).map(({ file }) => `${file.name} belongs to another set-up than its fellow`);
  refusals.push(...mixed);
  if (refusals.length === 0) return;
  throw new BeeproError('PARAMS_REFUSED', { folder, network: network.name, detail: refusals.join('; ') });
}

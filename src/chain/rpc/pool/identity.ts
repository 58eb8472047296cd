/** Which chain a node serves. */
export interface ChainIdentity {
  readonly networkName: string;
  readonly genesisCid: string;
  readonly networkVersion: number;
}

/** Why a node's chain is not the recorded one; undefined when it is. A newer version is {@link agreedVersion}'s. */
export function foreignReason(recorded: ChainIdentity, seen: ChainIdentity): string | undefined {
  if (seen.networkName !== recorded.networkName)
    return `its network is "${seen.networkName}", not "${recorded.networkName}"`;
  if (seen.genesisCid !== recorded.genesisCid)
    return `its genesis is ${seen.genesisCid}, not ${recorded.genesisCid}`;
  if (seen.networkVersion !== recorded.networkVersion)
    return `its network version is ${seen.networkVersion}, not ${recorded.networkVersion}`;
  return undefined;
}

/**
 * The network's version after an upgrade: a newer one counts when more than half of the nodes of this chain say it, for
 * one alone may be lying.
 */
export function agreedVersion(recorded: ChainIdentity, seen: readonly ChainIdentity[]): number {
  const own = seen.filter(
    (one) => one.networkName === recorded.networkName && one.genesisCid === recorded.genesisCid,
  );
  const newer = own.map((one) => one.networkVersion).filter((version) => version > recorded.networkVersion);
  const agreed = newer.filter(
    (version) => 2 * newer.filter((other) => other === version).length > own.length,
  );
  return agreed[0] ?? recorded.networkVersion;
}

/**
 * The chain that most nodes serve, for the first contact; of equally many, that of the node named first.
 * `seen` is in the order of the setting.
 */
export function commonIdentity(seen: readonly ChainIdentity[]): ChainIdentity | undefined {
  const votes = seen.map((one) => seen.filter((other) => foreignReason(one, other) === undefined).length);
  return seen[votes.indexOf(Math.max(...votes))];
}

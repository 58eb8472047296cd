import { BeeproError, formatFil } from '#core';
import { FEE_PURPOSES, SENDER_PURPOSES, type SettingName, type SettingValue } from '../registry/index.ts';
import type { SettingContext } from './scope.ts';

/** Values as they would count for somebody. */
export type SettingReader = <N extends SettingName>(name: N) => SettingValue<N>;

/** Two settings that do not go together. */
export interface Contradiction {
  readonly names: readonly SettingName[];
  /** Completes "NAME cannot be …: it …" and stands alone as a note. */
  readonly detail: string;
  /** Refused when it is set; else it is said, and the program takes the safe side. */
  readonly isRefused: boolean;
}

/** What of the settings contradicts each other. Pure. */
export function contradictions(get: SettingReader): Contradiction[] {
  return [...feeContradictions(get), ...senderContradictions(get)];
}

function feeContradictions(get: SettingReader): Contradiction[] {
  return FEE_PURPOSES.flatMap((purpose): Contradiction[] => {
    const [max, urgent] = [get(`fee.${purpose}.max`), get(`fee.${purpose}.urgent_max`)];
    const [feeCap, premium] = [get(`fee.${purpose}.fee_cap`), get(`fee.${purpose}.premium_max`)];
    const found: Contradiction[] = [];
    if (urgent < max)
      found.push({
        names: [`fee.${purpose}.urgent_max`, `fee.${purpose}.max`],
        detail: `fee.${purpose}.urgent_max (${formatFil(urgent)}) is below fee.${purpose}.max (${formatFil(max)}), which counts in its place`,
        isRefused: false,
      });
    if (feeCap !== undefined && premium !== undefined && premium > feeCap)
      found.push({
        names: [`fee.${purpose}.premium_max`, `fee.${purpose}.fee_cap`],
        detail: `fee.${purpose}.premium_max (${formatFil(premium)}) is above fee.${purpose}.fee_cap (${formatFil(feeCap)}), which bounds it`,
        isRefused: false,
      });
    return found;
  });
}

/**
 * A window PoSt must not wait behind a batch that is cheap: messages of one sender are included in the order of their
 * nonces. Two forms of one address (id and key) are told apart only with the chain, when a sender is chosen.
 */
function senderContradictions(get: SettingReader): Contradiction[] {
  if (get('sender.post_shared')) return [];
  const bare = (address: string): string => address.slice(1);
  const post = get('sender.post');
  return SENDER_PURPOSES.filter((purpose) => purpose !== 'post').flatMap((purpose): Contradiction[] => {
    const others = new Set(get(`sender.${purpose}`).map(bare));
    const shared = post.find((address) => others.has(bare(address)));
    if (shared === undefined) return [];
    return [
      {
        names: ['sender.post', `sender.${purpose}`, 'sender.post_shared'],
        detail: `sender.post and sender.${purpose} would share ${shared}, and a batch with an earlier nonce would hold up window PoSts (sender.post_shared allows it)`,
        isRefused: true,
      },
    ];
  });
}

/** Those that a change of `name` takes part in. */
export function contradictionsOf(name: SettingName, get: SettingReader): Contradiction[] {
  return contradictions(get).filter(({ names }) => names.includes(name));
}

/**
 * Refuses a change after which settings contradict each other for anyone.
 * @throws BeeproError `SETTING_VALUE_INVALID`
 */
export function refuseContradictions(
  name: SettingName,
  value: string | null,
  contexts: readonly SettingContext[],
  readerFor: (context: SettingContext) => SettingReader,
): void {
  for (const context of contexts) {
    const found = contradictionsOf(name, readerFor(context)).find(({ isRefused }) => isRefused);
    if (!found) continue;
    throw new BeeproError('SETTING_VALUE_INVALID', {
      name,
      value: value ?? 'no value',
      detail: found.detail,
    });
  }
}

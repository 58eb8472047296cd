import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LOTUS_METHODS } from '#chain';
import {
  type BlockHeader,
  drawRandomness,
  drawRandomnessFromBase,
  fromBase64,
  minerEntropy,
  RANDOMNESS,
  type RandomnessTag,
  toBase64,
} from '#codec';
import { lotusRecording, recordedResult } from '../../support/lotus-recordings.ts';

const bytes = (name: string) => fromBase64(String(recordedResult(name))) ?? new Uint8Array();

describe('randomness', () => {
  it('the entropy of a miner is the recorded one', () => {
    expect(toBase64(minerEntropy(1000))).toBe('QwDoBw==');
  });

  it.each([
    ['056', '060', RANDOMNESS.seal],
    ['057', '061', RANDOMNESS.interactiveSeal],
    ['058', '061', RANDOMNESS.windowPoSt],
  ])('%s is drawn from the digest %s', (drawn, digest, tag) => {
    const [recordedTag, epoch] = lotusRecording(drawn).request.params as [RandomnessTag, number];
    expect(recordedTag).toBe(tag);
    expect(drawRandomness(bytes(digest), tag, epoch, minerEntropy(1000))).toEqual(bytes(drawn));
  });

  it('the ticket of a block and the election proof are drawn from the block’s own base', () => {
    const base = z.decode(LOTUS_METHODS.MinerGetBaseInfo.result, recordedResult('139') as never);
    const parent = z.decode(LOTUS_METHODS.ChainHead.result, recordedResult('125') as never);
    const beacon = base?.beaconEntries.at(-1)?.data ?? new Uint8Array();
    const [, electionInput] = lotusRecording('140').request.params as [string, string];
    const election = drawRandomnessFromBase(beacon, RANDOMNESS.electionProof, 800, minerEntropy(1000));
    expect(toBase64(election)).toBe(electionInput);

    const [, ticketInput] = lotusRecording('141').request.params as [string, string];
    const block = parent.blocks[0] as BlockHeader;
    const entropy = Uint8Array.from([...minerEntropy(1000), ...(block.ticket ?? [])]);
    const ticket = drawRandomnessFromBase(beacon, RANDOMNESS.ticketProduction, 799, entropy);
    expect(toBase64(ticket)).toBe(ticketInput);
  });
});

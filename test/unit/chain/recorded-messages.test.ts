import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LOTUS_METHODS } from '#chain';
import {
  ACTOR_IDS,
  type ActorKind,
  actorIdOf,
  BitField,
  blockCid,
  blockSigningBytes,
  decodeBlockHeader,
  decodeMessage,
  decodeParams,
  decodeReturn,
  decodeSignedMessage,
  encodeBlockHeader,
  encodeMessage,
  encodeParams,
  encodeReturn,
  encodeSignedMessage,
  exitCodesOf,
  findMethod,
  fromBase64,
  type Message,
  MINER_METHODS,
  messageCid,
  type SignedMessage,
  signedMessageCid,
  toBase64,
  verifyBlockSignature,
  verifySignature,
  verifySignedMessage,
} from '#codec';
import { lotusRecording, lotusRecordings, recordedResult } from '../../support/lotus-recordings.ts';

interface RecordedMessage {
  readonly where: string;
  readonly message: Message;
  readonly cid: string;
}

const link = z.object({ '/': z.string() });
const messageShape = z.looseObject({ GasFeeCap: z.string(), Params: z.string().nullable(), CID: link });
const messageSchema = LOTUS_METHODS.ChainGetMessage.result;
const tipSetSchema = LOTUS_METHODS.ChainHead.result;
const signedSchema = LOTUS_METHODS.WalletSignMessage.result;

/** Every object inside any recorded request or answer that `shape` takes. */
function found<T>(shape: z.ZodType<T>): { where: string; json: T }[] {
  return lotusRecordings().flatMap((recording) => {
    const hits: { where: string; json: T }[] = [];
    const walk = (value: unknown): void => {
      const hit = shape.safeParse(value);
      if (hit.success) hits.push({ where: recording.name, json: hit.data });
      if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
    };
    // 101 was asked with the CID of an older draft, 102 with a signature of another message: on purpose, or ignored.
    if (!/^10[12]-/.test(recording.name)) walk(recording.request.params);
    walk(recording.response);
    return hits;
  });
}

const messages: RecordedMessage[] = found(messageShape).map(({ where, json }) => ({
  where,
  message: z.decode(messageSchema, json as never),
  cid: json.CID['/'],
}));

const kindOf = (to: string): ActorKind | undefined =>
  to === `t0${ACTOR_IDS.power}` ? 'storagepower' : /^t01\d{3}$/.test(to) ? 'storageminer' : undefined;

describe('every recorded message', () => {
  it('is there to be tested', () => {
    expect(messages.length).toBeGreaterThan(20);
    expect(new Set(messages.map(({ message }) => message.method))).toEqual(new Set([0, 2, 5, 28, 34, 36]));
  });

  it.each(messages)('$where: encodes to the recorded CID and back', ({ message, cid }) => {
    expect(messageCid(message)).toBe(cid);
    expect(decodeMessage(encodeMessage(message), 't')).toEqual(message);
  });

  it.each(
    messages.filter(
      ({ message }) => kindOf(message.to) && findMethod(kindOf(message.to) ?? 'account', message.method),
    ),
  )('$where: its parameters decode and encode to the same bytes', ({ where, message }) => {
    // Recorded on purpose with rubbish parameters.
    if (where.startsWith('099')) return;
    const kind = kindOf(message.to) ?? 'account';
    const { params } = decodeParams(kind, message.method, message.params, 't');
    const method = findMethod(kind, message.method);
    if (!method) throw new Error('no method');
    expect(toBase64(encodeParams(method, params))).toBe(toBase64(message.params));
  });
});

describe('parameters', () => {
  const paramsOf = (name: string) => {
    const message = z.decode(messageSchema, recordedResult(name) as never);
    return decodeParams(kindOf(message.to) ?? 'account', message.method, message.params, 't');
  };

  it('PreCommitSectorBatch2 as StateDecodeParams tells it', () => {
    expect(paramsOf('049')).toEqual({
      name: 'PreCommitSectorBatch2',
      params: {
        sectors: [
          {
            sealProof: 5,
            sectorNumber: 2,
            sealedCid: 'bagboea4b5abcb6acqltkpv4hzuc2eyp2h3rbsfavslipuyw4vvpfyeniahzg6x2k',
            sealRandEpoch: -368,
            dealIds: [],
            expiration: 1549972,
            unsealedCid: null,
          },
        ],
      },
    });
  });

  it('ProveCommitSectors3 as StateDecodeParams tells it', () => {
    const told = recordedResult('054') as { SectorProofs: string[] };
    const { name, params } = paramsOf('052');
    expect(name).toBe('ProveCommitSectors3');
    expect(params).toEqual({
      sectorActivations: [{ sectorNumber: 2, pieces: [] }],
      sectorProofs: told.SectorProofs.map(fromBase64),
      aggregateProof: new Uint8Array(),
      aggregateProofType: null,
      requireActivationSuccess: false,
      requireNotificationSuccess: false,
    });
  });

  it('SubmitWindowedPoSt as StateDecodeParams tells it', () => {
    const told = recordedResult('150') as { Proofs: { ProofBytes: string }[]; ChainCommitRand: string };
    const { params } = paramsOf('147') as { params: { partitions: unknown } };
    expect(params).toMatchObject({
      deadline: 2,
      proofs: [{ postProof: 10, proofBytes: fromBase64(told.Proofs[0]?.ProofBytes ?? '') }],
      chainCommitEpoch: 758,
      chainCommitRand: fromBase64(told.ChainCommitRand),
    });
    expect(params.partitions).toEqual([{ index: 0, skipped: BitField.empty }]);
  });

  it('CreateMiner as StateDecodeParams tells it', () => {
    const told = recordedResult('177') as { Owner: string; Worker: string };
    expect(paramsOf('174').params).toEqual({
      owner: told.Owner,
      worker: told.Worker,
      windowPoStProofType: 10,
      peer: new Uint8Array(),
      multiaddrs: [],
    });
  });
});

describe('return values', () => {
  const returned = (name: string) =>
    z.decode(LOTUS_METHODS.StateReplay.result, recordedResult(name) as never).msgRct;

  it('of ProveCommitSectors3: one success', () => {
    const bytes = returned('053').return;
    const { value } = decodeReturn('storageminer', 34, bytes, 't');
    expect(value).toEqual({ successCount: 1, failCodes: [] });
    expect(exitCodesOf({ successCount: 1, failCodes: [] }, 1)).toEqual([0]);
    expect(encodeReturn(MINER_METHODS.ProveCommitSectors3, { successCount: 1, failCodes: [] })).toEqual(
      bytes,
    );
  });

  it('of CreateMiner: the new miner’s addresses', () => {
    const { value } = decodeReturn('storagepower', 2, returned('175').return, 't');
    const { idAddress, robustAddress } = value as { idAddress: string; robustAddress: string };
    expect(actorIdOf(idAddress)).toBe(1004);
    expect(robustAddress).toMatch(/^t2/);
  });

  it.each(['050', '148'])('of %s: nothing', (name) => {
    expect(returned(name).return).toEqual(new Uint8Array());
    expect(decodeReturn('storageminer', 28, returned(name).return, 't').value).toBeUndefined();
  });

  it('exit codes of a batch are placed by index, and a return that does not fit is refused', () => {
    const result = { successCount: 2, failCodes: [{ index: 1, code: 16 }] };
    expect(exitCodesOf(result, 3)).toEqual([0, 16, 0]);
    expect(exitCodesOf(result, 4)).toBeUndefined();
    expect(exitCodesOf({ successCount: 0, failCodes: [{ index: 5, code: 16 }] }, 1)).toBeUndefined();
  });
});

describe('signed messages', () => {
  const shape = z.looseObject({ Message: messageShape, Signature: z.looseObject({}), CID: link });
  const all = found(shape).map(({ where, json }) => ({
    where,
    signed: z.decode(signedSchema, json as never),
    cid: json.CID['/'],
  }));

  it.each(all)('$where: verifies, has the recorded CID, comes back from CBOR', ({ signed, cid }) => {
    expect(verifySignedMessage(signed)).toBe(true);
    expect(signedMessageCid(signed)).toBe(cid);
    expect(decodeSignedMessage(encodeSignedMessage(signed), 't')).toEqual(signed);
  });

  it('one that was pushed verifies; one with another’s signature does not', () => {
    const pushed = (name: string): SignedMessage =>
      z.decode(signedSchema, lotusRecording(name).request.params[0] as never);
    expect(verifySignedMessage(pushed('103'))).toBe(true);
    expect(verifySignedMessage(pushed('102'))).toBe(false);
  });

  it.each(['088', '089', '140', '141'])('WalletSign %s: the signature verifies', (name) => {
    const [address, data] = lotusRecording(name).request.params as [string, string];
    const signature = z.decode(LOTUS_METHODS.WalletSign.result, recordedResult(name) as never);
    expect(verifySignature(signature, address, fromBase64(data) ?? new Uint8Array())).toBe(true);
  });
});

describe('block headers', () => {
  const worker = 't3rucrr4ipq7mphl7gqz73zbtcqnassoojnn7gyqtr43l2g3rogrsoczn7hk5srifix5zxidzzm4msdaw3dm5a';
  const tipSets = ['008', '009', '011', '125'].map((name) =>
    z.decode(tipSetSchema, recordedResult(name) as never),
  );

  it('encode to the recorded CIDs', () => {
    for (const { cids, blocks } of tipSets) expect(blocks.map(blockCid)).toEqual(cids);
  });

  it('are byte for byte what the node stores', () => {
    const header = z.decode(LOTUS_METHODS.ChainGetBlock.result, recordedResult('014') as never);
    const stored = fromBase64(String(recordedResult('116'))) ?? new Uint8Array();
    expect(encodeBlockHeader(header)).toEqual(stored);
    expect(decodeBlockHeader(stored, 't')).toEqual(header);
  });

  it('carry the worker’s signature', () => {
    const header = z.decode(LOTUS_METHODS.ChainGetBlock.result, recordedResult('014') as never);
    expect(verifyBlockSignature(header, worker)).toBe(true);
    expect(verifyBlockSignature({ ...header, height: 1 }, worker)).toBe(false);
    expect(blockSigningBytes(header).length).toBeLessThan(encodeBlockHeader(header).length);
  });
});

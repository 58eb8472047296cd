import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINER_METHODS, POWER_METHODS, sealedCid } from '#codec';
import { recording } from '../../unit/devnet/recording.ts';
import { commitment, preCommitInfo, proofOf, proveCommitParams } from './sealing.ts';
import { shapeDifferences } from './shape.ts';
import { MINER, startTestDevnet, type TestDevnet } from './test-devnet.ts';

const { PreCommitSectorBatch2, ProveCommitSectors3 } = MINER_METHODS;

let test: TestDevnet;
let preCommit: string;
let proveCommit: string;
let createMiner: string;
let transfer: string;
let head: string;
let preCommitTipSet: string;

/** One chain with everything the recordings ask about: a proven genesis sector, a new one, a pre-commit, a miner. */
beforeAll(async () => {
  const genesis = {
    accounts: [
      { name: 'worker', type: 'bls', balance: 50_000_000n * 10n ** 18n },
      { name: 'operator', type: 'secp256k1', balance: 10n ** 20n },
    ],
    miners: [
      {
        owner: 'worker',
        worker: 'worker',
        sectorSize: '2KiB',
        balance: 10n ** 21n,
        sectors: [
          { number: 0, sealProof: 5, sealedCid: sealedCid(commitment('0')), expiration: 1_500_000 },
          { number: 1, sealProof: 5, sealedCid: sealedCid(commitment('1')), expiration: 1_500_000 },
        ],
      },
    ],
  } as const;
  test = await startTestDevnet({ genesis, nullRounds: 0.1 });
  const { devnet, lotus, worker } = test;
  await devnet.control.mine(3);
  const looked = await test.execute(PreCommitSectorBatch2, { sectors: [await preCommitInfo(test, 2)] });
  [preCommit, preCommitTipSet] = [looked.message, looked.tipSet[0] ?? ''];
  await devnet.control.mine(12);
  const sector = { number: 2, proof: await proofOf(test, 2) };
  proveCommit = (await test.execute(ProveCommitSectors3, proveCommitParams([sector]))).message;
  const deposit = await lotus.stateMinerCreationDeposit([]);
  const params = { owner: worker, worker, windowPoStProofType: 10, peer: new Uint8Array(), multiaddrs: [] };
  createMiner = (await test.execute(POWER_METHODS.CreateMiner, params, { to: 't04', value: deposit * 2n }))
    .message;
  await test.execute(PreCommitSectorBatch2, { sectors: [await preCommitInfo(test, 3)] });
  transfer = await test.send(
    PreCommitSectorBatch2,
    { sectors: [] },
    {
      to: devnet.accounts.operator ?? '',
      method: 0,
      params: new Uint8Array(),
      value: 10n ** 18n,
    },
  );
  head = (await lotus.chainHead()).cids[0] ?? '';
});
afterAll(() => test[Symbol.asyncDispose]());

const link = (cid: string) => ({ '/': cid });
const key = () => [link(head)];

/** The parameters of a recording, with this chain's addresses, tipsets, epochs and messages in place of its own. */
const CASES: readonly (readonly [
  string,
  (t: TestDevnet) => readonly unknown[] | Promise<readonly unknown[]>,
])[] = [
  ['001-Version', () => []],
  ['003-StateNetworkName', () => []],
  ['004-StateNetworkVersion', () => [[]]],
  ['005-StateGetNetworkParams', () => []],
  ['006-NodeStatus', () => [true]],
  ['007-SyncState', () => []],
  ['008-ChainGetGenesis', () => []],
  ['009-ChainHead', () => []],
  ['010-ChainGetTipSet', () => [key()]],
  ['011-ChainGetTipSetByHeight', () => [5, key()]],
  ['012-ChainGetTipSetByHeight-emptykey', () => [5, []]],
  ['013-ChainGetTipSetAfterHeight', () => [5, key()]],
  ['014-ChainGetBlock', () => [link(head)]],
  ['015-ChainGetBlockMessages', () => [link(head)]],
  ['016-ChainGetParentMessages', () => [link(preCommitTipSet)]],
  ['017-ChainGetParentReceipts', () => [link(preCommitTipSet)]],
  ['018-StateMinerInfo', () => [MINER, []]],
  ['019-StateMinerInfo-newminer', () => ['t01001', []]],
  ['020-StateMinerProvingDeadline', () => [MINER, []]],
  ['021-StateMinerProvingDeadline-newminer', () => ['t01001', []]],
  ['022-StateMinerDeadlines', () => [MINER, []]],
  ['023-StateMinerPartitions', () => [MINER, 0, []]],
  ['024-StateMinerPartitions-empty', () => [MINER, 7, []]],
  ['025-StateMinerPower', () => [MINER, []]],
  ['026-StateMinerAvailableBalance', () => [MINER, []]],
  ['027-StateMinerFaults', () => [MINER, []]],
  ['028-StateMinerRecoveries', () => [MINER, []]],
  ['029-StateMinerSectorCount', () => [MINER, []]],
  ['030-StateMinerSectors', () => [MINER, null, []]],
  ['031-StateMinerSectors-bitfield', () => [MINER, [2, 1], []]],
  ['032-StateMinerSectors-newminer', () => ['t01001', null, []]],
  ['033-StateMinerActiveSectors', () => [MINER, []]],
  ['034-StateMinerAllocated', () => [MINER, []]],
  ['035-StateMinerSectorAllocated', () => [MINER, 2, []]],
  ['036-StateMinerSectorAllocated-no', () => [MINER, 999, []]],
  ['037-StateSearchMsg-PreCommit', () => [[], link(preCommit), -1, true]],
  ['038-StateSearchMsg-ProveCommit', () => [[], link(proveCommit), -1, true]],
  ['039-StateWaitMsg-ProveCommit', () => [link(proveCommit), 1, -1, true]],
  ['041-StateSearchMsg-unknown', () => [[], link(head), -1, true]],
  ['042-StateSectorPreCommitInfo', () => [MINER, 2, [link(preCommitTipSet)]]],
  ['043-StateSectorPreCommitInfo-gone', () => [MINER, 2, []]],
  ['044-StateSectorGetInfo', () => [MINER, 2, []]],
  ['045-StateSectorGetInfo-none', () => [MINER, 999, []]],
  ['046-StateSectorExpiration', () => [MINER, 2, []]],
  ['047-StateSectorPartition', () => [MINER, 2, []]],
  ['048-StateSectorPartition-none', () => [MINER, 999, []]],
  ['049-ChainGetMessage-PreCommitSectorBatch2', () => [link(preCommit)]],
  ['050-StateReplay-PreCommitSectorBatch2', () => [[], link(preCommit)]],
  ['052-ChainGetMessage-ProveCommitSectors3', () => [link(proveCommit)]],
  ['053-StateReplay-ProveCommitSectors3', () => [[], link(proveCommit)]],
  ['055-StateGetRandomnessFromTickets', () => [5, -1, 'QwDoBw==', key()]],
  ['056-StateGetRandomnessFromTickets-recent', () => [5, 10, 'QwDoBw==', key()]],
  ['057-StateGetRandomnessFromBeacon', () => [6, 10, 'QwDoBw==', key()]],
  ['059-StateGetRandomnessFromBeacon-future', () => [6, 9_845, 'QwDoBw==', key()]],
  ['060-StateGetRandomnessDigestFromTickets', () => [10, key()]],
  ['061-StateGetRandomnessDigestFromBeacon', () => [10, key()]],
  ['062-StateGetBeaconEntry', () => [10]],
  ['065-StateMinerInitialPledgeForSector', () => [1_555_200, 2048, 0, []]],
  ['066-StateMinerCreationDeposit', () => [[]]],
  ['067-StateVMCirculatingSupplyInternal', () => [[]]],
  ['068-StateCirculatingSupply', () => [[]]],
  ['069-StateAccountKey', () => ['t0100', []]],
  ['070-StateLookupID', ({ worker }) => [worker, []]],
  ['071-StateLookupRobustAddress', () => ['t0100', []]],
  ['072-StateAccountKey-notaccount', () => [MINER, []]],
  ['074-StateGetActor', () => [MINER, []]],
  ['075-StateGetActor-account', ({ worker }) => [worker, []]],
  ['076-StateGetActor-none', () => ['t0999999', []]],
  ['077-StateActorCodeCIDs', () => [28]],
  ['078-StateActorManifestCID', () => [28]],
  ['080-StateMarketBalance', () => [MINER, []]],
  ['081-StateListMiners', () => [[]]],
  ['082-StateMinerSectorCount-newminer', () => ['t01001', []]],
  ['083-WalletList', () => []],
  ['084-WalletDefaultAddress', () => []],
  ['085-WalletBalance', ({ worker }) => [worker]],
  ['086-WalletHas', ({ worker }) => [worker]],
  ['087-WalletHas-no', () => ['t01']],
  ['088-WalletSign', ({ worker }) => [worker, 'aGVsbG8=']],
  ['089-WalletSign-secp', ({ devnet }) => [devnet.accounts.operator, 'aGVsbG8=']],
  ['091-MpoolGetNonce', ({ worker }) => [worker]],
  ['095-GasEstimateGasPremium', ({ worker }) => [10, worker, 0, []]],
  ['105-MpoolPending-2', () => [[]]],
  ['107-MpoolSelect', () => [[], 0.8]],
  ['106-ChainGetMessage-send', () => [link(transfer)]],
  ['108-MpoolGetConfig', () => []],
  ['114-MinerGetBaseInfo-nopower', () => [MINER, 796, []]],
  ['115-ChainTipSetWeight', () => [key()]],
  ['118-ChainHasObj', () => [link(head)]],
  ['119-AuthVerify', ({ devnet }) => [devnet.token]],
  ['121-NetAddrsListen', () => []],
  ['122-NetPeers', () => []],
  ['123-ID', () => []],
  ['176-StateSearchMsg-CreateMiner', () => [[], link(createMiner), -1, true]],
  ['175-StateReplay-CreateMiner', () => [[], link(createMiner)]],
];

describe('answers have the recorded shape', () => {
  it.each(CASES)('%s', async (name, params) => {
    const { request, response, http_status } = recording(name);
    const { status, body } = await test.rpc(request.method, await params(test));
    expect(status).toBe(http_status);
    expect(body?.error).toEqual(response.error);
    const differences = shapeDifferences(body?.result ?? null, response.result ?? null);
    // Traces name the outermost call only, without the actors' logs.
    expect(differences.filter((each) => !each.startsWith('$.ExecutionTrace.Logs'))).toEqual([]);
    // Answers that are the same on every network.
    if (
      /^(004|024|032|036|043|045|062|077|078|080|082|087|108|114|122)/.test(name) &&
      name !== '062-StateGetBeaconEntry'
    )
      expect(body?.result).toEqual(response.result);
  });

  it('for calls and estimates of the recorded messages', async () => {
    for (const name of ['063-StateMinerPreCommitDepositForPower', '064-StateMinerInitialPledgeCollateral']) {
      const { request, response } = recording(name);
      const { body } = await test.rpc(request.method, [MINER, request.params[1], []]);
      expect(shapeDifferences(body?.result, response.result)).toEqual([]);
    }
    for (const name of ['094-GasEstimateGasLimit', '097-GasEstimateMessageGas', '111-StateCall']) {
      const { request, response } = recording(name);
      const [message, ...rest] = request.params;
      const ours = { ...(message as object), From: test.worker, To: test.devnet.accounts.operator };
      const { body } = await test.rpc(request.method, [ours, ...rest]);
      expect(shapeDifferences(body?.result, response.result)).toEqual([]);
    }
  });

  it('and the pledge that is asked is Lotus’ to the attoFIL', async () => {
    for (const name of [
      '064-StateMinerInitialPledgeCollateral',
      '065-StateMinerInitialPledgeForSector',
      '066-StateMinerCreationDeposit',
    ]) {
      const { request, response } = recording(name);
      const params = request.params.map((value) => (Array.isArray(value) ? [] : value));
      expect((await test.rpc(request.method, params)).body?.result).toBe(response.result);
    }
  });
});

describe('decoded parameters are those recorded', () => {
  it.each([
    '051-StateDecodeParams-PreCommitSectorBatch2',
    '054-StateDecodeParams-ProveCommitSectors3',
    '150-StateDecodeParams-SubmitWindowedPoSt',
    '177-StateDecodeParams-CreateMiner',
  ])('%s', async (name) => {
    const { request, response } = recording(name);
    expect((await test.rpc(request.method, request.params)).body?.result).toEqual(response.result);
  });
});

describe('refusals are Lotus’, word for word', () => {
  it.each([
    '073-StateLookupID-badaddr',
    '093-MpoolGetNonce-bad',
    '127-err-nomethod',
    '128-err-missingparam',
    '129-err-extraparam',
    '130-err-badcid',
    '131-err-badaddr',
  ])('%s', async (name) => {
    const { request, response, http_status } = recording(name);
    const { status, body } = await test.rpc(request.method, request.params);
    expect({ status, error: body?.error }).toEqual({ status: http_status, error: response.error });
  });

  it('124: without a token only reading is allowed', async () => {
    const { request, response } = recording('124-auth-none-MpoolPush');
    const { status, body } = await test.rpc(request.method, request.params, null);
    expect([status, body?.error]).toEqual([200, response.error]);
    expect((await test.rpc('Filecoin.ChainHead', [], null)).body?.result).toBeDefined();
  });

  it('126: a bad token is refused before anything else', async () => {
    expect(await test.rpc('Filecoin.ChainHead', [], 'bad')).toEqual({ status: 401, body: undefined });
  });

  it('099: parameters that do not decode', async () => {
    const { request, response } = recording('099-GasEstimateMessageGas-reverts');
    const [message, ...rest] = request.params;
    const { body } = await test.rpc(request.method, [{ ...(message as object), From: test.worker }, ...rest]);
    expect(body?.error).toEqual(response.error);
  });

  it('098: more than the sender has', async () => {
    const { request, response } = recording('098-GasEstimateMessageGas-insufficient');
    const [message, ...rest] = request.params;
    const { body } = await test.rpc(request.method, [{ ...(message as object), From: test.worker }, ...rest]);
    const words = (text = '') => text.replace(/balance [\d.]+/, 'balance …');
    expect(body?.error).toMatchObject({ code: 3, data: '0x' });
    expect(words(body?.error?.message)).toBe(words(response.error?.message));
  });

  it.each(
    ['160', '161', '162', '163', '164'].map((number) => {
      const proof = { 160: 0, 161: 5, 162: 10, 163: 15, 164: 8 }[number];
      return [`${number}-StateCall-precommit-sealproof-${proof}`];
    }),
  )('%s', async (name) => {
    const { request, response } = recording(name);
    const recorded = response.result as { MsgRct: { ExitCode: number }; Error: string };
    const [message] = request.params;
    const { body } = await test.rpc(request.method, [{ ...(message as object), From: test.worker }, []]);
    const ours = body?.result as typeof recorded;
    expect([ours.MsgRct.ExitCode, ours.Error]).toEqual([recorded.MsgRct.ExitCode, recorded.Error]);
  });
});

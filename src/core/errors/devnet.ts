import { defineErrors } from './define.ts';

/** The embedded chain, as its operator meets it. What its API answers is in Lotus' words and codes. */
export const DEVNET_ERRORS = defineErrors({
  DEVNET_STATE_PRUNED: {
    severity: 'permanent',
    message: 'The devnet no longer holds the state of height {height}',
    cure: 'Ask about a younger tipset, or start the devnet with a larger retention.',
  },
  DEVNET_REORG_TOO_DEEP: {
    severity: 'permanent',
    message: 'A reorg of {depth} tipsets reaches below genesis; the head is at height {height}',
    cure: 'Ask for a shallower reorg, or wait for more blocks.',
  },
  DEVNET_DAMAGED: {
    severity: 'fatal',
    message: 'The devnet state in {path} cannot be used: {detail}',
    cure: 'Remove the folder to begin a new chain, or restore it from a copy.',
  },
  DEVNET_GENESIS_DIFFERS: {
    severity: 'permanent',
    message: 'The devnet state in {path} belongs to another chain: {field} is {kept}, not {asked}',
    cure: 'Start it without that option, or give it an empty folder for a new chain.',
  },
  DEVNET_IN_USE: {
    severity: 'permanent',
    message: 'The devnet state in {path} is in use by process {pid}',
    cure: 'Stop the other devnet first, or use another folder.',
  },
  DEVNET_LISTEN_FAILED: {
    severity: 'permanent',
    message: 'The devnet cannot listen on {address}: {detail}',
    cure: 'Choose a free port (0 lets the system choose), or stop what uses it.',
  },
  DEVNET_NO_SEALER: {
    severity: 'fatal',
    message: 'The devnet verifies proofs with the sealer, and none is given',
    cure: 'Build the sealer and set BEEPRO_SEALER_BIN to its path.',
  },
  DEVNET_REPLAY_UNNAMED: {
    severity: 'permanent',
    message:
      'A chain that takes the proofs of stand-ins says so in its name, and only such a chain: {detail}',
    cure: 'Give --accept-replay-proofs and a name that begins with beepro-devnet-replay, or neither.',
  },
});

import { defineErrors } from './define.ts';

/** Encoding (addresses, CIDs, CBOR, keys) and the Lotus JSON-RPC. */
export const CHAIN_ERRORS = defineErrors({
  ADDRESS_MALFORMED: {
    severity: 'permanent',
    message: '"{text}" is not a Filecoin address: {detail}',
    cure: 'Copy the address again, whole, as `lotus wallet list` or the explorer shows it (t… or f…).',
  },
  CID_MALFORMED: {
    severity: 'permanent',
    message: '"{text}" is not {expected}: {detail}',
    cure: 'Copy the CID again, whole, and check that it names the right kind of thing.',
  },
  CBOR_MALFORMED: {
    severity: 'permanent',
    message: 'Bytes that should be {what} cannot be decoded: {detail}',
    cure: 'The message, block or return value is damaged or of another version; compare it with a block explorer.',
  },
  CBOR_UNENCODABLE: {
    severity: 'permanent',
    message: 'A value does not fit {what}: {detail}',
    cure: 'Correct the value; nothing was signed or sent.',
  },
  BITFIELD_MALFORMED: {
    severity: 'permanent',
    message: 'A bitfield cannot be read: {detail}',
    cure: 'The sender of this data is faulty; compare the answer with another node.',
  },
  CHAIN_AUTH_REFUSED: {
    severity: 'permanent',
    message: 'The node {node} refused the token for {method}: {detail}',
    cure: 'Give the node a token with the permission it names (`lotus auth create-token --perm sign`).',
  },
  CHAIN_METHOD_UNKNOWN: {
    severity: 'permanent',
    message: 'The node {node} has no method {method}',
    cure: 'Check that the URL ends in /rpc/v1 and that the node is a Lotus of a supported version.',
  },
  CHAIN_BAD_PARAMS: {
    severity: 'permanent',
    message: 'The node {node} did not understand the parameters of {method}: {detail}',
    cure: 'Check the addresses and CIDs given; if they are right, the node speaks another API version.',
  },
  CHAIN_EXECUTION_REVERTED: {
    severity: 'permanent',
    message: 'Executing the message for {method} fails with exit code {exitCode}: {detail}',
    cure: 'Nothing was sent. The exit code and text say which rule of the actor refuses it.',
  },
  CHAIN_OUT_OF_GAS: {
    severity: 'permanent',
    message: 'The message does not fit the gas limit: {detail}',
    cure: 'Nothing was sent. Send fewer sectors in one message.',
  },
  CHAIN_ACTOR_NOT_FOUND: {
    severity: 'permanent',
    message: 'There is no such actor on this chain ({method}): {detail}',
    cure: 'Check the address and that the node follows the intended network; a new account exists once it has received FIL.',
  },
  CHAIN_NOT_AN_ACCOUNT: {
    severity: 'permanent',
    message: 'The address is not an account with a key ({method}): {detail}',
    cure: 'Give a wallet address (t1… or t3…) or the id of one, not a miner or another actor.',
  },
  CHAIN_FUTURE_RANDOMNESS: {
    severity: 'temporary',
    message: 'The chain has not reached the epoch whose randomness is asked ({method}): {detail}',
    cure: 'It is asked again when the chain has advanced.',
  },
  CHAIN_NULL_ROUND: {
    severity: 'permanent',
    message: 'There is no tipset at the epoch asked ({method}): {detail}',
    cure: 'Ask for the next or the previous tipset instead.',
  },
  CHAIN_SECTOR_NOT_DUE: {
    severity: 'permanent',
    message: 'The sector is in no deadline of its miner ({method}): {detail}',
    cure: 'The sector is not proven yet, or has been terminated; look at it with `beepro sector show`.',
  },
  CHAIN_STATE_UNAVAILABLE: {
    severity: 'temporary',
    message: 'The node {node} does not hold the state asked ({method}): {detail}',
    cure: 'A pruned or lagging node; another node or a later attempt answers.',
  },
  CHAIN_NONCE_TAKEN: {
    severity: 'permanent',
    message: 'The mempool has a message with this nonce already: {detail}',
    cure: 'The same message pushed again is harmless; a different one must raise the fee to replace it.',
  },
  CHAIN_NONCE_TOO_LOW: {
    severity: 'permanent',
    message: 'The nonce has been used on chain: {detail}',
    cure: 'The sender has moved on; the message is looked up on chain before anything is signed again.',
  },
  CHAIN_NONCE_GAP: {
    severity: 'temporary',
    message: 'The nonce leaves a gap that the mempool does not take: {detail}',
    cure: 'Earlier messages of the sender are pushed first; the push is repeated.',
  },
  CHAIN_FEE_TOO_LOW: {
    severity: 'temporary',
    message: 'The fee is too low for the mempool: {detail}',
    cure: 'Raise the fee cap or premium, or wait until the base fee falls.',
  },
  CHAIN_SENDER_FUNDS: {
    severity: 'temporary',
    message: 'The sender cannot pay for the message: {detail}',
    cure: 'Send FIL to the sender address; the push is repeated.',
  },
  CHAIN_SIGNATURE_REFUSED: {
    severity: 'permanent',
    message: 'The node {node} refused the signature of a message: {detail}',
    cure: 'The signing key does not belong to the sender address; check the wallet.',
  },
  CHAIN_MEMPOOL_FULL: {
    severity: 'temporary',
    message: 'The mempool of {node} takes no more messages of this sender: {detail}',
    cure: 'The push is repeated when messages of the sender have been included.',
  },
  CHAIN_MESSAGE_TOO_BIG: {
    severity: 'permanent',
    message: 'The message is larger than the mempool takes: {detail}',
    cure: 'Nothing was sent. Send fewer sectors in one message.',
  },
  CHAIN_RPC_FAILED: {
    severity: 'temporary',
    message: 'The node {node} answered {method} with an error ({rpcCode}): {detail}',
    cure: 'The call is repeated with back-off; if it returns, look at the node’s log.',
  },
  CHAIN_RATE_LIMITED: {
    severity: 'temporary',
    message: 'The node {node} limits the rate of calls ({method})',
    cure: 'The call is repeated with back-off; raise the limit of the provider or add a node.',
  },
  CHAIN_UNREACHABLE: {
    severity: 'temporary',
    message: 'The node {node} cannot be reached ({method}): {detail}',
    cure: 'Check that the node runs and that its address and port are right; the call is repeated with back-off.',
  },
  CHAIN_TIMED_OUT: {
    severity: 'temporary',
    message: 'The node {node} did not answer {method} within {ms} ms',
    cure: 'The call is repeated with back-off; check the load and sync of the node.',
  },
  CHAIN_CANCELLED: {
    severity: 'temporary',
    message: 'The call {method} was cancelled',
    cure: 'The caller stopped waiting; nothing needs to be done.',
  },
  CHAIN_PROTOCOL: {
    severity: 'temporary',
    message: 'The node {node} answered {method} with something that is no valid answer: {detail}',
    cure: 'Check that the URL is that of a Lotus node (/rpc/v1) and that no proxy answers in its place.',
  },
  CHAIN_BUSY: {
    severity: 'temporary',
    message: 'Too many calls wait for the node {node} ({method}): {waiting}',
    cure: 'The call is repeated with back-off. Add a node, or raise chain.max_calls if the nodes can bear more.',
  },
  CHAIN_NODES_OUT: {
    severity: 'temporary',
    message: 'No node can be asked {method}: {detail}',
    cure: 'Look at the nodes with `beepro chain nodes`; the call is repeated with back-off.',
  },
  CHAIN_NODE_OUT: {
    severity: 'temporary',
    message: 'The node {node} gets no calls for now: {reason}',
    cure: 'It is looked at again with back-off and gets calls as soon as it is well; check its log and its sync.',
  },
  CHAIN_NODE_FOREIGN: {
    severity: 'permanent',
    message: 'The node {node} serves another chain than this installation’s: {detail}',
    cure: 'Nothing is asked of it. Correct it or take it out with `beepro chain remove`; if the installation is to belong to another chain, `beepro chain forget`.',
  },
  CHAIN_CLOCK_DISAGREES: {
    severity: 'temporary',
    message: 'Every node is {epochs} epochs {direction} of what this machine’s clock says',
    cure: 'Set the clock of this machine by NTP. If the clock is right, the chain stands still or all nodes lag.',
  },
  CHAIN_CALL_WRITES: {
    severity: 'permanent',
    message: '{method} is not known to only read',
    cure: 'Nothing was called. If it is meant, say so with --write.',
  },
  CHAIN_NODES_MISSING: {
    severity: 'permanent',
    message: 'No Lotus node is configured',
    cure: 'Name one: beepro chain add http://HOST:1234/rpc/v1 --token file:/etc/beepro/lotus.token.',
  },
  CHAIN_URL_MALFORMED: {
    severity: 'permanent',
    message: 'The node address {url} is not usable: {detail}',
    cure: 'Write it as http://host:1234/rpc/v1 (or https, ws, wss).',
  },
});

import { ACTOR_IDS, type RandomnessTag, withPrefix } from '#codec';
import type { ActorId, AddressString, AttoFil, Epoch } from '#core';
import type { NetworkPolicy } from '../policy.ts';
import type { SealVerifier } from '../proofs/seal-verifier.ts';
import { type Actor, type ChainState, resolveId, withActor, withNewActor } from '../state/index.ts';
import { EXIT, printFil, SendError } from './actor-error.ts';
import type { NetworkEconomy } from './economy.ts';

/** What the chain lends to a running message, and what does not change while a tipset executes. */
export interface Environment {
  readonly epoch: Epoch;
  readonly policy: NetworkPolicy;
  readonly economy: NetworkEconomy;
  readonly verifier: SealVerifier;
  /** @throws Error as Lotus words it, when the epoch lies in the future of the executing tipset */
  randomness(source: 'tickets' | 'beacon', tag: RandomnessTag, epoch: Epoch, entropy: Uint8Array): Uint8Array;
}

/** One message as an actor's method sees it. */
export interface Invocation {
  readonly caller: ActorId;
  readonly receiver: ActorId;
  readonly value: AttoFil;
  readonly method: number;
  readonly params: Uint8Array;
  /** The message's `From` as it stands in it and its nonce, from which new actors' t2 addresses are made. */
  readonly origin: AddressString;
  readonly originNonce: number;
}

/** The state while messages change it. Taking a copy of `state` and putting it back undoes everything since. */
export class Runtime {
  state: ChainState;
  readonly env: Environment;
  /** Size of the running method's batch, which its gas depends on. */
  batch = { sectors: 0, proofs: 0 };

  constructor(state: ChainState, env: Environment) {
    this.state = state;
    this.env = env;
  }

  actor(id: ActorId): Actor {
    const actor = this.state.actors.get(id);
    if (!actor) throw new Error(`actor ${id} does not exist`);
    return actor;
  }

  update(id: ActorId, change: Partial<Omit<Actor, 'id' | 'changed'>>): void {
    this.state = withActor(this.state, { ...this.actor(id), ...change, changed: this.env.epoch });
  }

  resolve(address: AddressString): ActorId | undefined {
    return resolveId(this.state, address);
  }

  create(actor: Omit<Actor, 'id' | 'changed'> & { readonly robustAddress: AddressString }): ActorId {
    const created = withNewActor(this.state, { ...actor, changed: this.env.epoch });
    this.state = created.state;
    return created.id;
  }

  /** An account for a key address that receives its first transfer. */
  createAccount(address: AddressString): ActorId {
    return this.create({
      code: 'account',
      robustAddress: withPrefix(address, 't'),
      nonce: 0,
      balance: 0n,
      miner: null,
    });
  }

  /** @throws SendError when the sender lacks the funds */
  transfer(from: ActorId, to: ActorId, amount: AttoFil): void {
    const balance = this.actor(from).balance;
    if (balance < amount)
      throw new SendError(
        EXIT.insufficientFunds,
        `sender does not have funds to transfer (balance ${printFil(balance)}, transfer ${printFil(amount)})`,
      );
    if (amount === 0n || from === to) return;
    this.update(from, { balance: balance - amount });
    this.update(to, { balance: this.actor(to).balance + amount });
  }

  burn(from: ActorId, amount: AttoFil): void {
    this.transfer(from, ACTOR_IDS.burntFunds, amount);
  }
}

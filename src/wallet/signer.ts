import {
  type Message,
  messageCid,
  parseAddress,
  type Signature,
  type SignedMessage,
  signingBytes,
  verifySignature,
} from '#codec';
import { type AddressString, BeeproError } from '#core';

/** Something that holds keys and signs with them. Addresses are key addresses (t1, t3). */
export interface Signer {
  /** For messages and logs: `lotus 10.0.0.7:1234`, `key store /etc/beepro/keys`. */
  readonly name: string;
  addresses(): Promise<readonly AddressString[]>;
  has(address: AddressString): Promise<boolean>;
  /**
   * A signature over `data` by the key of `from`. Where `data` are the signing bytes of a message, that is `message`:
   * some wallets show it to a person, or sign nothing that they cannot read.
   * @throws BeeproError `WALLET_KEY_MISSING`, `WALLET_SIGNER_AWAY`, or what reaching the wallet throws
   */
  sign(from: AddressString, data: Uint8Array, message?: Message): Promise<Signature>;
}

/**
 * Signs a message with the key of its `From` and checks the signature before anybody stores or sends it.
 * @throws BeeproError `WALLET_KEY_MISSING`, `WALLET_SIGNER_AWAY`, `WALLET_SIGNATURE_WRONG`, `ADDRESS_MALFORMED`
 */
export async function signMessage(signer: Signer, message: Message): Promise<SignedMessage> {
  const { protocol } = parseAddress(message.from);
  if (protocol !== 1 && protocol !== 3)
    throw new BeeproError('ADDRESS_MALFORMED', {
      text: message.from,
      detail: 'a sender must be a key address',
    });
  const data = signingBytes(message);
  const signature = await signer.sign(message.from, data, message);
  if (!verifySignature(signature, message.from, data))
    throw new BeeproError('WALLET_SIGNATURE_WRONG', { address: message.from });
  return { message, signature };
}

/**
 * The signature in what a wallet gives back for a whole message.
 * @throws BeeproError `WALLET_SIGNATURE_WRONG` when it has signed another message than it was given
 */
export function signatureOfSame(asked: Message, signed: SignedMessage): Signature {
  if (messageCid(signed.message) !== messageCid(asked))
    throw new BeeproError('WALLET_SIGNATURE_WRONG', { address: asked.from });
  return signed.signature;
}

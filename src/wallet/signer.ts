import {
  type Message,
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
   * A signature over `data` by the key of `from`.
   * @throws BeeproError `WALLET_KEY_MISSING`, or what reaching the wallet throws
   */
  sign(from: AddressString, data: Uint8Array): Promise<Signature>;
}

/**
 * Signs a message with the key of its `From` and checks the signature before anybody stores or sends it.
 * @throws BeeproError `WALLET_KEY_MISSING`, `WALLET_SIGNATURE_WRONG`, `ADDRESS_MALFORMED`
 */
export async function signMessage(signer: Signer, message: Message): Promise<SignedMessage> {
  const { protocol } = parseAddress(message.from);
  if (protocol !== 1 && protocol !== 3)
    throw new BeeproError('ADDRESS_MALFORMED', {
      text: message.from,
      detail: 'a sender must be a key address',
    });
  const data = signingBytes(message);
  const signature = await signer.sign(message.from, data);
  if (!verifySignature(signature, message.from, data))
    throw new BeeproError('WALLET_SIGNATURE_WRONG', { address: message.from });
  return { message, signature };
}

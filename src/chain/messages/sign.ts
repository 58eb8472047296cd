import { encodeSignedMessage, signedMessageCid, toBase64 } from '#codec';
import { BeeproError, killPoint } from '#core';
import { insertMessageVersion, lockMessage, type MessageRow, patchMessage, transaction } from '#db';
import { signMessage } from '#wallet';
import { messageOf } from './content.ts';
import type { MessageModules } from './context.ts';
import { CLEAR, setBack } from './setback.ts';

/**
 * Nonce → signed. A signature may take minutes (a person at a hardware wallet), so it is made outside every
 * transaction; the signed bytes are stored before anybody pushes them. After a crash in between the same content
 * with the same nonce is signed again.
 */
export async function signAndStore(modules: MessageModules, row: MessageRow): Promise<void> {
  const { nonce, gas_limit, gas_fee_cap, gas_premium } = row;
  if (nonce === null || gas_limit === null || gas_fee_cap === null || gas_premium === null) {
    throw new BeeproError('INTERNAL', { detail: `message ${row.id} has a nonce but no gas` });
  }
  const gas = { limit: BigInt(gas_limit), feeCap: gas_fee_cap, premium: gas_premium };
  try {
    const signed = await signMessage(modules.signer, messageOf(row, nonce, gas));
    killPoint('message.signed');
    const cid = signedMessageCid(signed);
    await transaction(modules.db, async (trx) => {
      const now = await lockMessage(trx, row.id);
      // Signed by another meanwhile, or asked for again with other gas: these bytes are not what the row says.
      if (now.state !== 'nonce' || now.gas_fee_cap !== gas_fee_cap || now.gas_premium !== gas_premium) return;
      if (now.signs_cancel !== row.signs_cancel) return;
      await insertMessageVersion(trx, {
        message_id: row.id,
        cid,
        gas_limit,
        gas_fee_cap,
        gas_premium,
        is_cancel: row.signs_cancel,
        signed: toBase64(encodeSignedMessage(signed)),
      });
      await patchMessage(trx, row.id, ['nonce'], { ...CLEAR, state: 'signed', cid });
    });
    killPoint('message.stored');
    modules.note({ what: 'signed', message: row, cid });
  } catch (error) {
    await setBack(modules, row, error);
  }
}

import type { SectorActivationManifest } from '#codec';
import { ActorError, EXIT } from '../actor-error.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Tells the actors named in the manifests of the new data. No actor here takes the call, so a notification fails
 * as it does on any network for an account or an unknown address; it matters only when success is required.
 * Source: builtin-actors `notify_data_consumers`.
 */
export function notifyDataConsumers(
  runtime: Runtime,
  activations: readonly SectorActivationManifest[],
  requireSuccess: boolean,
): void {
  if (!requireSuccess) return;
  const notified = activations.flatMap(({ pieces }) => pieces.flatMap(({ notify }) => notify));
  const [first] = notified;
  if (!first) return;
  const code = runtime.resolve(first.address) === undefined ? EXIT.invalidReceiver : EXIT.unhandledMessage;
  throw new ActorError(EXIT.notificationReceiverAborted, `receiver aborted with ${code}`);
}

import { runIdPattern } from '../shared/run-id.ts';
import { envelopeKey, isIndex } from './envelope.ts';

/**
 * The run of a device whose will a message is: one with run, slice and device, and with neither number nor instants.
 * @param message without the envelope of a message: a rule's record, or its JSON, or a payload as a subscriber received it
 * @returns undefined: it is no will
 */
export function runOfWill(message: unknown): string | undefined {
  if (typeof message === 'string') return runOfWill(parsed(message));
  if (typeof message !== 'object' || message === null) return undefined;
  const { head, run, slice, n, device, at, sent } = message as Readonly<Record<string, unknown>>;
  // Of a rule that reads any payload: its first bytes.
  if (typeof head === 'string') return runOfWill(Buffer.from(head, 'base64').toString());
  if ([n, at, sent].some((each) => each !== undefined) || !isIndex(slice) || !isIndex(device))
    return undefined;
  return typeof run === 'string' && runIdPattern.test(run) ? run : undefined;
}

function parsed(text: string): unknown {
  const isPayload = text.startsWith(envelopeKey);
  try {
    return JSON.parse(isPayload ? text.slice(envelopeKey.length, text.indexOf('}') + 1) : text);
  } catch {
    return undefined;
  }
}

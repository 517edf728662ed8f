import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import {
  type MakeTransport,
  NotOfferedError,
  type OutgoingMessage,
  type Transport,
  type TransportListener,
} from '../transport.ts';
import { localReasonOf } from './reason-codes.ts';

export interface HttpsSettings {
  readonly ackTimeoutMs: number;
  /** The HTTPS API of the plan's target; absent: the SDK's default. */
  readonly dataUrl?: string | undefined;
}

/** HTTP has no receive maximum; requests of one device wait for each other only as the profile says. */
const noMaximum = 65_535;
/** The SDK's 50 sockets would queue what is due; a Lambda has 1,024 file descriptors. */
const maxSockets = 900;
/** Above the slice's own ack timeout, so that it is the slice that times a publish out. */
const requestTimeoutMarginMs = 1_000;

export function makeHttpsTransport(settings: HttpsSettings): MakeTransport {
  return (listener) => new HttpsTransport(settings, listener);
}

/**
 * Publishes by `POST /topics/{topic}` with the AWS SDK. The devices share its connections, so that nothing is connected
 * for one, and each message is sent exactly once: a retry by the SDK would hide a throttle. There is nothing to subscribe with,
 * and no connection of a device's own to end.
 */
class HttpsTransport implements Transport {
  readonly #listener: TransportListener;
  readonly #client: IoTDataPlaneClient;
  readonly #abort = new AbortController();
  readonly #connecting = new Set<NodeJS.Immediate>();

  constructor(settings: HttpsSettings, listener: TransportListener) {
    this.#listener = listener;
    this.#client = makeClient(settings);
  }

  connect(device: number): void {
    const immediate = setImmediate(() => {
      this.#connecting.delete(immediate);
      this.#listener.connected(device, noMaximum, false);
    });
    this.#connecting.add(immediate);
  }

  send(device: number, { token, topic, payload, qos, retain }: OutgoingMessage): boolean {
    const command = new PublishCommand({
      topic,
      qos,
      ...(retain && { retain }),
      // Signed and sent after this call.
      payload: Buffer.from(payload),
    });
    this.#client.send(command, { abortSignal: this.#abort.signal }).then(
      () => {
        if (!this.#abort.signal.aborted) this.#listener.acknowledged(device, token);
      },
      (error: unknown) => {
        if (this.#abort.signal.aborted) return;
        const { name, isThrottle } = readFailure(error);
        this.#listener.refused(device, token, isThrottle ? 'throttled' : 'failed', name);
      },
    );
    return true;
  }

  subscribe(): never {
    throw new NotOfferedError('https', 'subscriptions');
  }

  disconnect(): never {
    throw new NotOfferedError('https', 'connections of single devices');
  }

  /** Each request is on its way as soon as it is signed. */
  flush(): void {}

  async close(): Promise<void> {
    for (const immediate of this.#connecting) clearImmediate(immediate);
    this.#abort.abort();
    this.#client.destroy();
  }
}

function makeClient({ ackTimeoutMs, dataUrl }: HttpsSettings): IoTDataPlaneClient {
  const agent = { keepAlive: true, maxSockets };
  return new IoTDataPlaneClient({
    maxAttempts: 1,
    ...(dataUrl === undefined ? {} : { endpoint: dataUrl }),
    requestHandler: new NodeHttpHandler({
      connectionTimeout: ackTimeoutMs,
      requestTimeout: ackTimeoutMs + requestTimeoutMarginMs,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    }),
  });
}

/** An error in one word, and whether it says that a quota was used up: ThrottlingException, HTTP 429. */
function readFailure(error: unknown): { readonly name: string; readonly isThrottle: boolean } {
  const { name, code, $metadata } = error as SdkError;
  return {
    name: localReasonOf(code ?? name ?? String(error)),
    isThrottle: name === 'ThrottlingException' || $metadata?.httpStatusCode === 429,
  };
}

/** What the SDK rejects with: its own exceptions, and Node's errors as they are. */
interface SdkError {
  readonly name?: string;
  /** `ECONNRESET`, `ECONNREFUSED` */
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

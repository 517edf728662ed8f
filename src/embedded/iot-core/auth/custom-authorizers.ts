import { createVerify } from 'node:crypto';
import type { Clock } from '../broker-clock.ts';
import type { Grant } from '../mqtt/access.ts';
import { Permissions } from '../policies/permissions.ts';
import type { Invoke } from '../queue/event-source-mapping.ts';
import type { AuthorizerSettings } from '../settings.ts';
import { AuthorizerError, parseAuthorizerAnswer } from './authorizer-answer.ts';

/** What a client brings to a custom authorizer, by the protocols it came in by. */
export interface Attempt {
  readonly tls?: { readonly serverName: string } | undefined;
  readonly http?:
    | { readonly headers: Readonly<Record<string, string>>; readonly queryString: string }
    | undefined;
  readonly mqtt?: MqttAttempt | undefined;
  readonly sourceIp: string | undefined;
}

export interface MqttAttempt {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
}

export interface CustomAuthorizersParts {
  readonly authorizers: readonly AuthorizerSettings[];
  /** For clients that name none. */
  readonly defaultAuthorizer: string | undefined;
  readonly invokeOf: (functionName: string) => Invoke;
  readonly clock: Clock;
  /** Called with the reason why an authorizer's answer was not usable. AWS writes it to its log. */
  readonly onError: (error: unknown) => void;
}

/** AWS waits so long for the function. */
const timeoutMs = 5_000;

/**
 * Custom authorizers: the client's words go to a Lambda function, which says who it is and what it may do. Of a token that
 * is signed the signature is verified first.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-authorizer.html
 */
export class CustomAuthorizers {
  readonly #parts: CustomAuthorizersParts;
  readonly #invokes = new Map<string, Invoke>();

  constructor(parts: CustomAuthorizersParts) {
    this.#parts = parts;
  }

  get exist(): boolean {
    return this.#parts.authorizers.length > 0;
  }

  /** @returns undefined for a client that is refused */
  async authorize(attempt: Attempt): Promise<Grant | undefined> {
    const words = wordsOf(attempt);
    const name = words('x-amz-customauthorizer-name') ?? this.#parts.defaultAuthorizer;
    const authorizer = this.#parts.authorizers.find((each) => each.name === name);
    if (authorizer === undefined) return undefined;
    const { tokenKeyName, publicKeys } = authorizer;
    const token = tokenKeyName === undefined ? undefined : words(tokenKeyName);
    const isSigned = publicKeys !== undefined;
    if (isSigned && !isSignatureOf(token, words('x-amz-customauthorizer-signature'), publicKeys))
      return undefined;
    try {
      const answer = parseAuthorizerAnswer(
        name!,
        await this.#ask(authorizer, eventOf(attempt, token, isSigned)),
      );
      if (answer === undefined) return undefined;
      const { principal, policies, lastsMs, refreshAfterMs } = answer;
      const client = { clientId: attempt.mqtt?.clientId, sourceIp: attempt.sourceIp };
      return {
        principal,
        access: new Permissions(policies, client),
        lastsMs,
        refresh: { afterMs: refreshAfterMs, ask: () => this.authorize(attempt) },
      };
    } catch (error) {
      this.#parts.onError(error);
      return undefined;
    }
  }

  async #ask({ name, functionName }: AuthorizerSettings, event: object): Promise<string> {
    const invoke = this.#invokes.get(functionName) ?? this.#parts.invokeOf(functionName);
    this.#invokes.set(functionName, invoke);
    const late = Promise.withResolvers<never>();
    const cancel = this.#parts.clock.setTimer(timeoutMs, () =>
      late.reject(new AuthorizerError(name, `${functionName} has not answered within ${timeoutMs} ms`)),
    );
    try {
      const outcome = await Promise.race([invoke(Buffer.from(JSON.stringify(event))), late.promise]);
      if (outcome.kind === 'failed')
        throw new AuthorizerError(name, `${functionName} failed: ${outcome.reason}`);
      return outcome.payload;
    } finally {
      cancel();
    }
  }
}

/**
 * A client says what it wants of the authorizer in headers, in the query, or in a query behind its user name, in this
 * order.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth.html
 */
function wordsOf({ http, mqtt }: Attempt): (name: string) => string | undefined {
  const query = new URLSearchParams(http?.queryString ?? '');
  const username = mqtt?.username ?? '';
  const behindUsername = new URLSearchParams(
    username.includes('?') ? username.slice(username.indexOf('?') + 1) : '',
  );
  return (name) =>
    http?.headers[name.toLowerCase()] ?? query.get(name) ?? behindUsername.get(name) ?? undefined;
}

/** @param signature base64 of SHA-256 with RSA; a `+` that was not percent-encoded has become a space on its way */
function isSignatureOf(
  token: string | undefined,
  signature: string | undefined,
  publicKeys: readonly string[],
): boolean {
  if (token === undefined || signature === undefined) return false;
  const bytes = Buffer.from(signature.replaceAll(' ', '+'), 'base64');
  return publicKeys.some((key) => createVerify('RSA-SHA256').update(token).verify(key, bytes));
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html */
function eventOf(
  { tls, http, mqtt }: Attempt,
  token: string | undefined,
  signatureVerified: boolean,
): object {
  const protocols = Object.entries({ tls, http, mqtt }).filter(([, data]) => data !== undefined);
  return {
    ...(token === undefined ? {} : { token }),
    signatureVerified,
    protocols: protocols.map(([name]) => name),
    protocolData: {
      ...(tls === undefined ? {} : { tls }),
      ...(http === undefined ? {} : { http }),
      ...(mqtt === undefined
        ? {}
        : {
            mqtt: {
              ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
              ...(mqtt.password === undefined ? {} : { password: mqtt.password.toString('base64') }),
              clientId: mqtt.clientId,
            },
          }),
    },
    connectionMetadata: { id: crypto.randomUUID() },
  };
}

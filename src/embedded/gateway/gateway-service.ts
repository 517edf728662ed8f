import type { Socket } from 'node:net';
import type { AwsError } from './aws-error.ts';
import type { SignedHead } from './request-signature.ts';
import type { Route } from './route-table.ts';

/** A request before its body is read. */
export type RequestHead = SignedHead;

/** One request to a service, with its whole body, which the gateway does not parse. */
export interface GatewayRequest extends RequestHead {
  readonly body: Buffer;
  readonly requestId: string;
  /** The socket of the request: a TLS socket has its client's certificate. */
  readonly socket: Socket;
  /** Calls back once if the caller closes the connection before it has its answer. */
  onCallerClosed(listener: () => void): void;
}

export interface GatewayResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** One AWS service (or InfluxDB) behind the gateway. */
export interface GatewayService {
  /** All that it answers. */
  readonly routes: readonly Route[];
  /** Bytes of a request body; more is refused before it is held in memory. */
  readonly maxBodyBytes: number;
  /** Refuses by what comes before the body, of which nothing is read then. @throws AwsError */
  admit?(head: RequestHead): void;
  handle(request: GatewayRequest): Promise<GatewayResponse>;
  /** An error in the wire shape that this service's clients expect. */
  renderError(error: AwsError, requestId: string): GatewayResponse;
}

/** Called for internal errors: anything a service throws that is not an AWS error. */
export type OnError = (what: string, error: unknown) => void;

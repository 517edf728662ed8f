/** What a client may do, according to the policies of its authenticated identity. */
export interface Access {
  mayConnect(clientId: string): boolean;
  mayPublish(topic: string): boolean;
  /** Beside `mayPublish`, for a message with the RETAIN flag. */
  mayRetain(topic: string): boolean;
  /** @param filter as the client wrote it, `$share/{group}/` included */
  maySubscribe(filter: string): boolean;
  /** Asked for every delivery. */
  mayReceive(topic: string): boolean;
  mayGetRetained(topic: string): boolean;
  mayListRetained(): boolean;
}

const yes = (): boolean => true;

/** For the listener without authentication, and where no policy is set. */
export const fullAccess: Access = {
  mayConnect: yes,
  mayPublish: yes,
  mayRetain: yes,
  maySubscribe: yes,
  mayReceive: yes,
  mayGetRetained: yes,
  mayListRetained: yes,
};

/** What a CONNECT says of its sender. */
export interface ConnectCredentials {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
}

/** A client that was admitted. */
export interface Grant {
  readonly access: Access;
  /** The credential, as life-cycle events name it: of a certificate its id. Absent: none was asked for. */
  readonly principal?: string;
  /** Milliseconds after which the connection is ended; absent: never. */
  readonly lastsMs?: number;
  /** Asked for again after so many milliseconds, the connection standing. */
  readonly refresh?: { readonly afterMs: number; ask(): Promise<Grant | undefined> };
}

/** Authenticates a client of a listener by its CONNECT; undefined: the client is refused. */
export type Authenticate = (
  credentials: ConnectCredentials,
) => Grant | undefined | Promise<Grant | undefined>;

/** Lets everybody do everything. */
export const authenticateAnyone: Authenticate = () => ({ access: fullAccess });

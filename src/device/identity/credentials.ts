import type { MqttLogin } from '../transport.ts';

/** Credentials for one endpoint. Those that differ by device are read by its index within the slice. */
export type DeviceCredentials =
  | { readonly auth: 'none' }
  | { readonly auth: 'sigv4'; readonly region: string; readonly credentials: AccessCredentials }
  | { readonly auth: 'x509'; pairOf(device: number): CertificatePair }
  | {
      readonly auth: 'password';
      loginOf(device: number): MqttLogin;
      /** Where the target asks for a certificate as well. */
      readonly pairOf?: (device: number) => CertificatePair;
    }
  | { readonly auth: 'custom'; readonly authorizer: AuthorizerCredentials };

/** PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

/** Credentials of AWS. They are valid for longer than a Lambda may run, so a slice needs no new ones. */
export interface AccessCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Auth parameters for a custom authorizer: a user name and password, or a token, signed if the authorizer requires it.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth.html
 */
export interface AuthorizerCredentials {
  /** Absent: the account's default authorizer. */
  readonly name?: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: {
    /** The name that the authorizer was configured to find the token under. */
    readonly keyName: string;
    readonly value: string;
    /** Base64, of the token's value, by the key whose public half the authorizer has. */
    readonly signature?: string;
  };
}

/**
 * The MQTT user name that carries the auth parameters: the service reads those after the question mark, the authorizer's
 * function receives all of it.
 */
export function usernameOf({ name, username = '', token }: AuthorizerCredentials): string {
  const query = new URLSearchParams();
  if (name !== undefined) query.set('x-amz-customauthorizer-name', name);
  if (token !== undefined) {
    query.set(token.keyName, token.value);
    if (token.signature !== undefined) query.set('x-amz-customauthorizer-signature', token.signature);
  }
  return query.size === 0 ? username : `${username}?${query}`;
}

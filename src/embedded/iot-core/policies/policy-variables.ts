/** Parts of a distinguished name, as the policies call them, by the short names that certificates have. */
const nameParts = {
  CommonName: 'CN',
  Country: 'C',
  Organization: 'O',
  OrganizationalUnit: 'OU',
  State: 'ST',
} as const;

const ofNames = (['Subject', 'Issuer'] as const).flatMap((whose) =>
  Object.keys(nameParts).map((part) => `iot:Certificate.${whose}.${part}`),
);

/**
 * The variables that a policy may name here. Things are not emulated, so that `iot:Connection.Thing.*` is not among them.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-variables.html
 */
export const policyVariables: readonly string[] = [
  'iot:ClientId',
  'aws:SourceIp',
  'iot:Certificate.SerialNumber',
  ...ofNames,
];

export function isPolicyVariable(name: string): boolean {
  return policyVariables.includes(name);
}

/** A distinguished name by the short names of its parts: `{ CN: 'device-1' }`. */
export type DistinguishedName = Readonly<Record<string, string | undefined>>;

/** What of a client certificate policies may speak of. */
export interface CertificateFacts {
  readonly serialNumber: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
}

/** The client that a policy is evaluated for. */
export interface PolicyClient {
  /** Undefined over HTTP: there is no client id. */
  readonly clientId?: string | undefined;
  readonly sourceIp: string | undefined;
  readonly certificate?: CertificateFacts | undefined;
}

/** @returns undefined for what this client has no value of */
export function policyValueOf(client: PolicyClient, variable: string): string | undefined {
  if (variable === 'iot:ClientId') return client.clientId;
  if (variable === 'aws:SourceIp') return client.sourceIp;
  if (variable === 'iot:Certificate.SerialNumber') return client.certificate?.serialNumber;
  const [, whose, part] = /^iot:Certificate\.(Subject|Issuer)\.(\w+)$/.exec(variable) ?? [];
  const name = whose === 'Subject' ? client.certificate?.subject : client.certificate?.issuer;
  return name?.[nameParts[part as keyof typeof nameParts]];
}

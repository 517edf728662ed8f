import * as z from 'zod';

const path = z.string().min(1).max(4_096);
const secret = z.strictObject({ secret: z.string().min(1).max(2_048) });

/** Credentials of devices and the authorities that they trust: part of `connect`. Secrets are named, never contained. */
export const credentials = {
  username: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .meta({
      description:
        'MQTT user name of a device. Placeholders: {deviceId}, {deviceIndex}, {runId}, {clientId}. With it connect.auth is password unless set.',
      examples: ['meter-{deviceId}'],
    }),
  password: z
    .union([
      z.string().min(1).max(1_000),
      z.strictObject({ variable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
      z.strictObject({ file: path }),
      secret,
    ])
    .optional()
    .meta({
      description:
        'Where the password of a device comes from: {"variable": NAME} an environment variable, {"file": path} a file of one line a device, {"secret": name} AWS Secrets Manager. Their text may hold the placeholders of connect.username, and so may a string here, which must hold one: a password itself is not for a profile.',
      examples: [{ variable: 'BROKER_PASSWORD' }],
    }),
  ca: z
    .union([path, secret])
    .optional()
    .meta({
      description:
        'PEM file of the authority that signed the certificate of the target, in place of those of the system; or {"secret": name}: that text in AWS Secrets Manager.',
      examples: ['certs/ca.pem'],
    }),
  cert: z
    .union([path, secret])
    .optional()
    .meta({
      description:
        'PEM file of the certificate that devices show, or a directory with a pair a device: NAME.pem or NAME.crt beside NAME.key, in the order of their names; or {"secret": name}: JSON with certificate and privateKey in AWS Secrets Manager. With it connect.auth is x509 unless set.',
      examples: ['certs/device.pem'],
    }),
  key: path.optional().meta({
    description: 'PEM file of the private key of connect.cert. Not for a directory or a secret.',
    examples: ['certs/device.key'],
  }),
  alpn: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({
      description: 'ALPN protocol, where one port of the target serves several.',
      examples: ['mqtt'],
    }),
  serverName: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({
      description:
        'Name that TLS asks the target for (SNI) and that its certificate must have, in place of its host.',
      examples: ['broker.example.com'],
    }),
  insecure: z.boolean().optional().meta({
    description:
      'Whether the certificate of the target is left unchecked. Another server that answers there may then be loaded, and be shown credentials: the report says so.',
  }),
};

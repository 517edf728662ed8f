/** Errors of connections that the network ends, with the codes of the system and of TLS. */
const codes = {
  reset: ['ECONNRESET', 'the injected network reset the connection'],
  corrupted: [
    'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    'the injected network corrupted a record of TLS',
  ],
} as const;

export function makeNetworkError(kind: keyof typeof codes): NodeJS.ErrnoException {
  const [code, message] = codes[kind];
  return Object.assign(new Error(message), { code });
}

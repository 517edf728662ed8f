import { auth, io, iot } from 'aws-iot-device-sdk-v2';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { formatMqttEndpoint, type MqttEndpoint } from '../../targets/mqtt-endpoint.ts';
import type { DeviceCredentials } from '../identity/credentials.ts';
import type { SdkSecurity } from '../transports/device-sdk/sdk-config.ts';

/** The Device SDK cannot authenticate in this way over this connection. Exit code 2. */
class UnsupportedBySdkError extends StampedeError {
  constructor(endpoint: MqttEndpoint) {
    super('UnsupportedBySdk', `the client device-sdk cannot connect to ${formatMqttEndpoint(endpoint)}`, {
      hint: 'set connect.client to "dense"',
      exitCode: exitCodes.badUsage,
    });
  }
}

interface SdkTarget {
  readonly endpoint: MqttEndpoint;
  readonly credentials: DeviceCredentials;
  /** PEM, in place of the system's trust store. */
  readonly authority?: string;
}

/**
 * What the Device SDK needs for an endpoint with TLS, from its own builders where AWS IoT Core has such an endpoint.
 * @param device index within the slice: it may have a certificate of its own
 * @throws UnsupportedBySdkError
 */
export function makeSdkSecurity(
  { endpoint, credentials, authority }: SdkTarget,
  device: number,
): SdkSecurity {
  const isWebSocket = endpoint.scheme === 'wss';
  if (isWebSocket !== (credentials.auth === 'sigv4')) throw new UnsupportedBySdkError(endpoint);
  if (credentials.auth === 'none' || credentials.auth === 'password') {
    const pair = credentials.auth === 'password' ? credentials.pairOf?.(device) : undefined;
    const options =
      pair === undefined
        ? new io.TlsContextOptions()
        : io.TlsContextOptions.create_client_with_mtls(pair.certificate, pair.key);
    if (authority !== undefined) options.override_default_trust_store(authority);
    return { tlsCtx: new io.ClientTlsContext(options) };
  }
  const builder = builderOf(endpoint.host, credentials, device);
  if (authority !== undefined) builder.withCertificateAuthority(authority);
  const { tlsCtx, websocketHandshakeTransform } = builder.build();
  return {
    ...(tlsCtx === undefined ? {} : { tlsCtx }),
    ...(websocketHandshakeTransform === undefined ? {} : { websocketHandshakeTransform }),
  };
}

function builderOf(
  host: string,
  credentials: Exclude<DeviceCredentials, { auth: 'none' | 'password' }>,
  device: number,
): iot.AwsIotMqtt5ClientConfigBuilder {
  const builders = iot.AwsIotMqtt5ClientConfigBuilder;
  switch (credentials.auth) {
    case 'sigv4': {
      const { accessKeyId, secretAccessKey, sessionToken } = credentials.credentials;
      return builders.newWebsocketMqttBuilderWithSigv4Auth(host, {
        region: credentials.region,
        credentialsProvider: auth.AwsCredentialsProvider.newStatic(
          accessKeyId,
          secretAccessKey,
          sessionToken,
        ),
      });
    }
    case 'x509': {
      const { certificate, key } = credentials.pairOf(device);
      return builders.newDirectMqttBuilderWithMtlsFromMemory(host, certificate, key);
    }
    case 'custom':
      // User name and password go with the CONNECT; this builder sets the ALPN protocol.
      return builders.newDirectMqttBuilderWithCustomAuth(host, {});
  }
}

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
  readonly pass: DeviceCredentials;
  /** PEM, in place of the system's trust store. */
  readonly authority?: string;
}

/**
 * What the Device SDK needs for an endpoint with TLS, from its own builders where AWS IoT Core has such an endpoint.
 * @param device index within the slice: it may show a certificate of its own
 * @throws UnsupportedBySdkError
 */
export function makeSdkSecurity({ endpoint, pass, authority }: SdkTarget, device: number): SdkSecurity {
  const isWebSocket = endpoint.scheme === 'wss';
  if (isWebSocket !== (pass.auth === 'sigv4')) throw new UnsupportedBySdkError(endpoint);
  if (pass.auth === 'none' || pass.auth === 'password') {
    const pair = pass.auth === 'password' ? pass.pairOf?.(device) : undefined;
    const options =
      pair === undefined
        ? new io.TlsContextOptions()
        : io.TlsContextOptions.create_client_with_mtls(pair.certificate, pair.key);
    if (authority !== undefined) options.override_default_trust_store(authority);
    return { tlsCtx: new io.ClientTlsContext(options) };
  }
  const builder = builderOf(endpoint.host, pass, device);
  if (authority !== undefined) builder.withCertificateAuthority(authority);
  const { tlsCtx, websocketHandshakeTransform } = builder.build();
  return {
    ...(tlsCtx === undefined ? {} : { tlsCtx }),
    ...(websocketHandshakeTransform === undefined ? {} : { websocketHandshakeTransform }),
  };
}

function builderOf(
  host: string,
  pass: Exclude<DeviceCredentials, { auth: 'none' | 'password' }>,
  device: number,
): iot.AwsIotMqtt5ClientConfigBuilder {
  const builders = iot.AwsIotMqtt5ClientConfigBuilder;
  switch (pass.auth) {
    case 'sigv4': {
      const { accessKeyId, secretAccessKey, sessionToken } = pass.credentials;
      return builders.newWebsocketMqttBuilderWithSigv4Auth(host, {
        region: pass.region,
        credentialsProvider: auth.AwsCredentialsProvider.newStatic(
          accessKeyId,
          secretAccessKey,
          sessionToken,
        ),
      });
    }
    case 'x509': {
      const { certificate, key } = pass.pairOf(device);
      return builders.newDirectMqttBuilderWithMtlsFromMemory(host, certificate, key);
    }
    case 'custom':
      // User name and password go with the CONNECT; this builder sets the ALPN protocol.
      return builders.newDirectMqttBuilderWithCustomAuth(host, {});
  }
}

import { auth, io, iot } from 'aws-iot-device-sdk-v2';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { formatMqttEndpoint, type MqttEndpoint } from '../../targets/mqtt-endpoint.ts';
import type { DeviceCredentials } from '../identity/credentials.ts';
import type { SdkSecurity } from '../transports/device-sdk/sdk-device.ts';

/** The Device SDK has no way to authenticate so over this connection. Exit code 2. */
class UnsupportedBySdkError extends StampedeError {
  constructor(endpoint: MqttEndpoint) {
    super('UnsupportedBySdk', `the client device-sdk cannot connect to ${formatMqttEndpoint(endpoint)}`, {
      hint: 'set connect.client to "dense"',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * What the Device SDK needs for an endpoint with TLS, from its own builders where AWS IoT Core has such an endpoint.
 * @param authority PEM, in place of the system's trust store
 * @throws UnsupportedBySdkError
 */
export function makeSdkSecurity(
  endpoint: MqttEndpoint,
  pass: DeviceCredentials,
  authority: string | undefined,
): SdkSecurity {
  const isWebSocket = endpoint.scheme === 'wss';
  if (isWebSocket !== (pass.auth === 'sigv4')) throw new UnsupportedBySdkError(endpoint);
  if (pass.auth === 'none') {
    const options = new io.TlsContextOptions();
    if (authority !== undefined) options.override_default_trust_store(authority);
    return { tlsCtx: new io.ClientTlsContext(options) };
  }
  const builder = builderOf(endpoint.host, pass);
  if (authority !== undefined) builder.withCertificateAuthority(authority);
  const { tlsCtx, websocketHandshakeTransform } = builder.build();
  return {
    ...(tlsCtx === undefined ? {} : { tlsCtx }),
    ...(websocketHandshakeTransform === undefined ? {} : { websocketHandshakeTransform }),
  };
}

function builderOf(
  host: string,
  pass: Exclude<DeviceCredentials, { auth: 'none' }>,
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
    case 'x509':
      return builders.newDirectMqttBuilderWithMtlsFromMemory(host, pass.certificate, pass.key);
    case 'custom':
      // User name and password go with the CONNECT; this builder sets the ALPN protocol.
      return builders.newDirectMqttBuilderWithCustomAuth(host, {});
  }
}

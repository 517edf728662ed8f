import path from 'node:path';

/** What `sls invoke local` needs to run, on this machine, a bundle that was made for Lambda. */
export default class InvokeLocal {
  constructor(serverless, _options, { log }) {
    const { serviceDir, processedInput } = serverless;
    const isInvokeLocal = () => processedInput.commands.join(' ') === 'invoke local';
    const build = `${process.platform}-${process.arch}-${runtimeLibrary()}`;
    const native = path.join(serviceDir, 'node_modules/aws-crt/dist/bin', build, 'aws-crt-nodejs.node');
    let embedded;
    this.hooks = {
      // Before the framework looks up credentials, and references to the stack's resources.
      initialize: async () => {
        if (!isInvokeLocal() || process.env.AWS_ENDPOINT_URL || (await hasCredentials(serverless))) return;
        embedded = await startEmbedded(serverless);
        log.notice(
          'Neither AWS_ENDPOINT_URL nor credentials are set: this call goes to embedded AWS, which ends with it. ' +
            'Its run store is ./runs.',
        );
      },
      // aws-crt looks there once it has not found the native file that is packaged beside the bundle.
      'before:invoke:local:invoke': () => {
        process.env.AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH ??= native;
      },
      finalize: async () => {
        await embedded?.close();
        // A client of aws-crt's keeps the process alive until it is collected, however closed it is. Lambda freezes it anyway.
        if (isInvokeLocal()) process.stdout.write('', () => process.exit());
      },
    };
  }
}

/** Where the framework would find some: variables, a profile, the machine's role. */
async function hasCredentials(serverless) {
  try {
    await serverless.getProvider('aws').getAwsSdkV3CredentialsProvider()();
    return true;
  } catch {
    // A profile that was asked for and cannot be read is an error, and the framework reports it.
    return Boolean(process.env.AWS_PROFILE || serverless.getProvider('aws').getProfile?.());
  }
}

async function startEmbedded({ serviceDir, classes }) {
  if (!process.features.typescript) {
    throw new classes.Error(
      `Embedded AWS needs Node 24, and this is ${process.versions.node}. Run it by npx, which takes the Node of node_modules.`,
      'STAMPEDE_NODE_TOO_OLD',
    );
  }
  const { startEmbeddedAws } = await import('../../src/embedded/process/start-embedded-aws.ts');
  const embedded = await startEmbeddedAws({
    runsDirectory: path.join(serviceDir, 'runs'),
    packageRoot: serviceDir,
  });
  pointAt(embedded.environment);
  return embedded;
}

/**
 * Points the framework's process at embedded AWS, and at nothing else: it configures its clients and the invoked function by
 * variables, and a profile or an endpoint of the user's would win over ours.
 */
function pointAt(environment) {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  const noFile = process.platform === 'win32' ? 'NUL' : '/dev/null';
  // The SDK reads a default region, retries and endpoints from the user's files as well.
  Object.assign(process.env, { AWS_CONFIG_FILE: noFile, AWS_SHARED_CREDENTIALS_FILE: noFile }, environment);
}

/** As aws-crt names its builds. */
function runtimeLibrary() {
  if (process.platform !== 'linux') return 'cruntime';
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

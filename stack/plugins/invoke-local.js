import path from 'node:path';

/** What `sls invoke local` needs to run, on this machine, a bundle that was made for Lambda. */
export default class InvokeLocal {
  constructor({ serviceDir, processedInput }) {
    const build = `${process.platform}-${process.arch}-${runtimeLibrary()}`;
    const native = path.join(serviceDir, 'node_modules/aws-crt/dist/bin', build, 'aws-crt-nodejs.node');
    this.hooks = {
      // aws-crt looks there once it has not found the native file that is packaged beside the bundle.
      'before:invoke:local:invoke': () => {
        process.env.AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH ??= native;
      },
      // A client of aws-crt's keeps the process alive until it is collected, however closed it is. Lambda freezes it anyway.
      finalize: () => {
        if (processedInput.commands.join(' ') === 'invoke local')
          process.stdout.write('', () => process.exit());
      },
    };
  }
}

/** As aws-crt names its builds. */
function runtimeLibrary() {
  if (process.platform !== 'linux') return 'cruntime';
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

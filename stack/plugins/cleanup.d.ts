interface Framework {
  getProvider(name: 'aws'): {
    getAwsSdkV3Config(): Promise<object>;
    readonly naming: { getStackName(): string };
  };
}

interface Output {
  readonly log: { notice(text: string): void; warning(text: string): void };
  readonly progress: { get(name: string): { notice(text: string): void; remove(): void } };
}

export default class Cleanup {
  constructor(framework: Framework, options: object, output: Output);
  readonly hooks: { readonly 'before:remove:remove': () => Promise<void> };
}

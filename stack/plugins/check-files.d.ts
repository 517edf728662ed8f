interface FrameworkParts {
  readonly serviceDir: string;
  readonly service: {
    readonly functions: Readonly<
      Record<string, { readonly package?: { readonly patterns?: readonly string[] } }>
    >;
  };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

export default class CheckFiles {
  constructor(serverless: FrameworkParts);
  readonly hooks: { readonly 'before:package:cleanup': () => void };
}

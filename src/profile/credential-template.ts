/** Where a password comes from; a string is a template with placeholders. */
export type PasswordSource =
  | string
  | { readonly variable: string }
  | { readonly file: string }
  | { readonly secret: string };

/** A path, or the name of a secret of AWS Secrets Manager. */
export type FileOrSecret = string | { readonly secret: string };

/** What stands in the braces of a user name or password. */
export interface CredentialValues {
  readonly deviceId: string;
  readonly deviceIndex: number;
  readonly runId: string;
  readonly clientId: string;
}

export const credentialPlaceholders = ['deviceId', 'deviceIndex', 'runId', 'clientId'] as const;

const placeholder = new RegExp(`\\{(${credentialPlaceholders.join('|')})\\}`, 'g');

/** `meter-{deviceId}` → `meter-d7`. Other braces stay as they are: a password may hold any. */
export function expandCredential(template: string, values: CredentialValues): string {
  return template.replace(placeholder, (_, name: keyof CredentialValues) => String(values[name]));
}

/** Whether a text differs by device or run: without, it is the same for all. */
export function isCredentialTemplate(text: string): boolean {
  return text.search(placeholder) >= 0;
}

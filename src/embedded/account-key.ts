/** The embedded account's own access key, which everybody knows: it may do everything. */
export const accountKey = { accessKeyId: 'embedded', secretAccessKey: 'embedded' } as const;

/** The admin port of an embedded IoT Core, and what opens it. */
export interface AdminPort {
  readonly adminUrl: string;
  readonly adminToken: string;
}

/** @param path with its query: `/queue?untilEmpty=true` */
export function fetchAdmin(
  { adminUrl, adminToken }: AdminPort,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = { ...init.headers, authorization: `Bearer ${adminToken}` };
  return fetch(`${adminUrl}${path}`, { ...init, headers });
}

/** Uses the link that the terminal shows. @returns the `Cookie` header of the session */
export async function openSession(link: string): Promise<string> {
  const answer = await fetch(link);
  const cookie = answer.headers.get('set-cookie');
  if (cookie === null) throw new Error(`${link} lets no one in: ${answer.status} ${await answer.text()}`);
  return cookie.split(';')[0]!;
}

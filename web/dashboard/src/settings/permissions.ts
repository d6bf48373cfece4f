/** What a person may be allowed to do in the back office, in the order in which it is shown. */
export const permissions = [
  'cases:read',
  'cases:write',
  'cases:decide',
  'cases:operate',
  'documents:read',
  'workflows:read',
  'views:write',
  'statistics:read',
  'users:read',
  'flow_tokens:create',
  'policies:evaluate',
  'webhooks:read',
  'webhooks:write',
  'keys:read',
  'keys:write',
] as const;

/** One row of the table: a permission, and whether the person has it. */
export interface Row {
  permission: string;
  held: boolean;
}

/** Those that are known, and any others that the API says are held. What everybody has is no news. */
export function rowsOf(held: readonly string[]): Row[] {
  const known: readonly string[] = permissions;
  const others = held.filter((one) => !known.includes(one) && one !== 'self:read');
  return [...known, ...others].map((permission) => ({ permission, held: held.includes(permission) }));
}

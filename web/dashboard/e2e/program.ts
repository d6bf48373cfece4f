import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The program, built by `make bin/ballerine`. */
export const binary = join(root, 'bin/ballerine');

/** What the program prints once it serves. */
export interface Ready {
  api: string;
  demo: { api_key: string; users: { email: string; roles: string[]; token: string }[] };
}

/** Starts `ballerine dev --seed` and waits until it serves. */
export async function launch(
  data: string,
  address: string,
  flags: string[],
): Promise<{ child: ChildProcess; ready: Ready }> {
  const child = spawn(binary, ['dev', '--seed', '--json', '--data', data, '--addr', address, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ballerine dev ended with ${code}`)));
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as Ready));
  });
  return { child, ready };
}

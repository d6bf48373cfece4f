import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Ready {
  api: string;
  demo: { api_key: string; users: { email: string; token: string }[] };
}

/** The program as `make bin/ballerine` builds it, on a data folder of its own at this machine's own address. */
export class Program {
  readonly api: string;
  readonly key: string;
  /** Tokens of the demo's people, by the beginning of their addresses: admin, reviewer, … */
  readonly people: Readonly<Record<string, string>>;
  private readonly child: ChildProcess;
  private readonly data: string;

  private constructor(child: ChildProcess, data: string, ready: Ready) {
    this.child = child;
    this.data = data;
    this.api = ready.api;
    this.key = ready.demo.api_key;
    this.people = Object.fromEntries(ready.demo.users.map(({ email, token }) => [email.split('@')[0], token]));
  }

  static async start(): Promise<Program> {
    const data = mkdtempSync(join(tmpdir(), 'ballerine-sdk-'));
    const child = spawn(join(root, 'bin/ballerine'), ['dev', '--json', '--data', data, '--addr', '127.0.0.1:0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`ballerine dev ended with ${code}`)));
      createInterface({ input: child.stdout }).once('line', resolve);
    });
    return new Program(child, data, JSON.parse(line));
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGTERM');
    await ended;
    rmSync(this.data, { recursive: true, force: true });
  }

  /** A call of the client system, or of somebody else. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    token = this.key,
    version?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(this.api + path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        'Idempotency-Key': crypto.randomUUID(),
        ...(version === undefined ? {} : { 'If-Match': `"${version}"` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** A case, of the shipped workflow without another one, and its applicant's token. */
  async invite(workflow = 'kyc'): Promise<{ id: string; token: string }> {
    const made = await this.call('POST', '/v1/cases', { workflow, subject: { type: 'individual' } });
    const id = String(made.body['id']);
    return { id, token: await this.link(id) };
  }

  /** Another token for the applicant of a case. */
  async link(id: string): Promise<string> {
    const token = await this.call('POST', `/v1/cases/${id}/flow-tokens`, {});
    return String(token.body['token']);
  }
}

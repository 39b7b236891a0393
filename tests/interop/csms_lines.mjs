// The line protocol between a test and a CSMS made of an npm package, one JSON document a line.
// out: {"url"}, {"took": [action, payload]}, {"number", "result"} or {"number", "error"}, {"problem"};
// in: {"number", "action", "payload"}. The process ends at the end of its input.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/** Load a package from the folder of node_modules on the command line. */
export const load = createRequire(`${process.argv[2]}/`);

export const report = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const now = () => new Date().toISOString();

let transactions = 0;
/** The answers of a normal CSMS, by action. */
export const answers = {
    BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: 1 }),
    Heartbeat: () => ({ currentTime: now() }),
    StatusNotification: () => ({}),
    Authorize: () => ({ idTagInfo: { status: 'Accepted' } }),
    StartTransaction: () => ({ transactionId: ++transactions, idTagInfo: { status: 'Accepted', expiryDate: now() } }),
    MeterValues: () => ({}),
    StopTransaction: () => ({ idTagInfo: { status: 'Accepted' } }),
};

/** Report the URL and forward the calls of the test until the end of input; call(action, payload) gives a promise. */
export async function serve(port, call) {
    report({ url: `ws://127.0.0.1:${port}/ocpp` });
    for await (const line of createInterface({ input: process.stdin })) {
        const { number, action, payload } = JSON.parse(line);
        call(action, payload).then(
            (result) => report({ number, result }),
            (error) => report({ number, error: `${error.rpcErrorCode ?? error.code ?? error.name}: ${error.message}` }),
        );
    }
    process.exit(0);
}

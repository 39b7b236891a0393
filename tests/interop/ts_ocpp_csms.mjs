// A CSMS made of the npm package @voltbras/ts-ocpp. It validates the calls of the charge point, not its answers.
//
//     node ts_ocpp_csms.mjs FOLDER_WITH_NODE_MODULES

import { answers, load, report, serve } from './csms_lines.mjs';

const { CentralSystem } = load('@voltbras/ts-ocpp');

// The package's log and the test's protocol would share stdout.
console.info = () => {};
console.error = (...words) => report({ problem: words.join(' ') });

let station = '';
const calls = new Map();
const server = new CentralSystem(
    0,
    ({ action, ocppVersion }, { chargePointId }) => {
        station = chargePointId;
        return { ...answers[action](), action, ocppVersion };
    },
    {
        host: '127.0.0.1',
        onWebsocketRequestResponse: (from, kind, message) => {
            if (from !== 'chargepoint') return;
            if (kind === 'request') {
                calls.set(message.id, [message.action, message.payload]);
            } else if (message.errorCode) {
                report({ problem: `CALLERROR to the device: ${message.errorCode} ${message.errorDescription}` });
            } else {
                report({ took: calls.get(message.id) });
            }
            if (kind === 'response') calls.delete(message.id);
        },
    },
);
const { httpServer } = server;
if (!httpServer.listening) await new Promise((listening) => { httpServer.once('listening', listening); });
await serve(httpServer.address().port, async (action, payload) => {
    const result = await server.sendRequest({ chargePointId: station, ocppVersion: 'v1.6-json', action, payload });
    return result.unsafeCoerce();
});

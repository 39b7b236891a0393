#include "features/charge_point/csms_requests.h"

namespace pb {
namespace {

void write_status(CallReply& reply, Text status) {
  reply.result().begin_object().member("status", status).end_object();
}

}  // namespace

struct CsmsRequests::Row {
  Text action;
  void (CsmsRequests::*answer)(Request& request) = nullptr;
};

const CsmsRequests::Row CsmsRequests::kRows[] = {
    {"RemoteStartTransaction", &CsmsRequests::remote_start_transaction},
    {"RemoteStopTransaction", &CsmsRequests::remote_stop_transaction},
    {"Reset", &CsmsRequests::reset},
};

void CsmsRequests::answer(Text action, JsonValue payload, bool accepted, CallReply& reply, Millis now) {
  for (const Row& row : kRows) {
    if (row.action != action) continue;
    Payload fields(payload);
    Request request{fields, reply, accepted, now};
    (this->*row.answer)(request);
    if (!fields.ok()) reply.error(fields.error(), fields.reason());
    return;
  }
  reply.error(OcppError::not_implemented, "this charge point does not know the action");
}

/// OCPP 1.6 section 5.11. AuthorizeRemoteTxRequests is false: the CSMS knows whom it starts a transaction for.
void CsmsRequests::remote_start_transaction(Request& request) {
  IdTag id_tag;
  int64_t connector = 1;
  request.payload.required("idTag", id_tag);
  request.payload.optional("connectorId", connector);
  if (connector < 1) request.payload.refuse("connectorId must be above 0");
  if (!request.payload.ok()) return;
  // Before the CSMS has accepted us no transaction may be started for it (section 4.2).
  bool started = request.accepted && connector == 1 && charging_.remote_start(id_tag.text(), request.now);
  write_status(request.reply, started ? "Accepted" : "Rejected");
}

/// OCPP 1.6 section 5.12.
void CsmsRequests::remote_stop_transaction(Request& request) {
  int64_t transaction_id = 0;
  request.payload.required("transactionId", transaction_id);
  if (!request.payload.ok()) return;
  bool stopped = request.accepted && charging_.remote_stop(transaction_id, request.now);
  write_status(request.reply, stopped ? "Accepted" : "Rejected");
}

/// OCPP 1.6 section 5.14.
void CsmsRequests::reset(Request& request) {
  FixedText<4> kind;
  request.payload.required("type", kind);
  bool hard = kind.text() == "Hard";
  if (!hard && kind.text() != "Soft") request.payload.refuse("type must be Soft or Hard");
  if (!request.payload.ok()) return;
  write_status(request.reply, "Accepted");
  reset_.on_reset(hard ? ResetKind::hard : ResetKind::soft, request.now);
}

}  // namespace pb

#include "features/charge_point/charging_profile.h"

namespace pb {
namespace {

/// OCPP 1.6 section 7.14.
void read_period(Payload& schedule, JsonValue value) {
  if (value.kind() != JsonKind::object) return schedule.refuse_type("a charging schedule period is no object");
  Payload period(value);
  int64_t number = 0;
  period.required("startPeriod", number);
  period.required_number("limit");
  period.optional("numberPhases", number);
  schedule.include(period);
}

/// OCPP 1.6 section 7.13.
void read_schedule(Payload& profile, JsonValue value) {
  static constexpr Text kUnits[] = {"A", "W"};
  if (!value.exists()) return;
  Payload schedule(value);
  int64_t number = 0;
  schedule.optional("duration", number);
  schedule.optional_time("startSchedule");
  schedule.required_name("chargingRateUnit", kUnits);
  schedule.optional_number("minChargingRate");
  const JsonValue periods = schedule.required_value("chargingSchedulePeriod", JsonKind::array);
  if (periods.exists() && periods.size() == 0) schedule.refuse_count("a charging schedule has no period");
  for (JsonItems items(periods); items.next();) read_period(schedule, items.value());
  profile.include(schedule);
}

}  // namespace

bool read_charging_profile(Payload& request, Text field) {
  static constexpr Text kPurposes[] = {"TxProfile", "TxDefaultProfile", "ChargePointMaxProfile"};
  static constexpr Text kKinds[] = {"Absolute", "Recurring", "Relative"};
  static constexpr Text kRecurrency[] = {"Daily", "Weekly"};
  const JsonValue value = request.optional_value(field, JsonKind::object);
  if (!value.exists()) return true;
  Payload profile(value);
  int64_t number = 0;
  profile.required("chargingProfileId", number);
  profile.optional("transactionId", number);
  profile.required("stackLevel", number);
  if (number < 0) profile.refuse("stackLevel is below 0");
  const bool is_for_transaction = profile.required_name("chargingProfilePurpose", kPurposes) == 0;
  profile.required_name("chargingProfileKind", kKinds);
  profile.optional_name("recurrencyKind", kRecurrency);
  profile.optional_time("validFrom");
  profile.optional_time("validTo");
  read_schedule(profile, profile.required_value("chargingSchedule", JsonKind::object));
  request.include(profile);
  return is_for_transaction;
}

}  // namespace pb

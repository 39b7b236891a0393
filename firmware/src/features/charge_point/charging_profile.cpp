#include "features/charge_point/charging_profile.h"

namespace pb {

bool read_charging_profile(Payload& request, Text field) {
  const JsonValue profile = request.value(field);
  if (!profile.exists()) return true;
  int64_t stack_level = 0;
  if (profile.find("stackLevel").get(stack_level) && stack_level < 0) request.reject("stackLevel is below 0");
  // OCPP 1.6 section 7.13 requires a period; the schema does not.
  if (profile.path("chargingSchedule.chargingSchedulePeriod").size() == 0) {
    request.reject_count("a charging schedule has no period");
  }
  request.check_time(profile.find("validFrom"));
  request.check_time(profile.find("validTo"));
  request.check_time(profile.path("chargingSchedule.startSchedule"));
  return profile.find("chargingProfilePurpose").equals("TxProfile");
}

}  // namespace pb

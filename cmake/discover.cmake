# Asks a test program for its cases and writes one CTest case for each.
execute_process(COMMAND ${PROGRAM} --list OUTPUT_VARIABLE listing RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --list failed: ${status}")
endif()
string(REPLACE "\n" ";" lines "${listing}")
set(text "")
foreach(line ${lines})
  string(REGEX MATCH "^([^ ]+) ([^ ]+)$" found "${line}")
  if(NOT found)
    message(FATAL_ERROR "${PROGRAM} --list: cannot read '${line}'")
  endif()
  string(APPEND text "add_test(\"${SUITE}.${CMAKE_MATCH_1}\" \"${PROGRAM}\" \"${CMAKE_MATCH_1}\")\n"
    "set_tests_properties(\"${SUITE}.${CMAKE_MATCH_1}\" PROPERTIES LABELS \"${SUITE};${CMAKE_MATCH_2}\""
    " TIMEOUT 300 WORKING_DIRECTORY \"${FOLDER}\" ENVIRONMENT \"NORMLAB_PROGRAM=${NORMLAB}\")\n")
endforeach()
file(WRITE ${CASES} "${text}")

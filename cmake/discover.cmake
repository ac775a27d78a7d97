# Asks a test program for its cases and writes one CTest case for each; of a WORD of the program, whose thousands of cases
# are called SUBJECT.SHAPE.CHECK and take milliseconds, one for each subject: what fails in it the program names.
execute_process(COMMAND ${PROGRAM} ${WORD} --list OUTPUT_VARIABLE listing OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --list failed: ${status}")
endif()
string(REPLACE "\n" ";" lines "${listing}")
set(text "")
if(DEFINED WORD)
  set(before "\"${WORD}\" --threads 1 --case ")
  list(TRANSFORM lines REPLACE "\\.[^. ]+\\.[^. ]+ " " ")
  list(REMOVE_DUPLICATES lines)
  set(all ".*")
endif()
foreach(line ${lines})
  string(REGEX MATCH "^([^ ]+) ([^ ]+)$" found "${line}")
  if(NOT found)
    message(FATAL_ERROR "${PROGRAM} --list: cannot read '${line}'")
  endif()
  string(APPEND text "add_test(\"${SUITE}.${CMAKE_MATCH_1}\" \"${PROGRAM}\" ${before}\"${CMAKE_MATCH_1}${all}\")\n"
    "set_tests_properties(\"${SUITE}.${CMAKE_MATCH_1}\" PROPERTIES LABELS \"${SUITE};${CMAKE_MATCH_2}\""
    " SKIP_RETURN_CODE 77 TIMEOUT 300 WORKING_DIRECTORY \"${FOLDER}\" ENVIRONMENT \"NORMLAB_PROGRAM=${NORMLAB}\")\n")
endforeach()
file(WRITE ${CASES} "${text}")

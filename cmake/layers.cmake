# A layer is src/NAME/*.c. It sees its own folder and those of the layers that its line names,
# no others: an upward #include does not compile.
#   layer(dataset SEES base tensor store LINKS ZLIB::ZLIB m)
# Targets are called normlab-NAME: the project around this one may have a `base`, too.
function(layer name)
  cmake_parse_arguments(ARG "" "" "SEES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.c)
  add_library(normlab-${name} STATIC ${sources})
  target_include_directories(normlab-${name} PRIVATE ${PROJECT_SOURCE_DIR}/src/${name})
  foreach(below ${ARG_SEES})
    target_include_directories(normlab-${name} PRIVATE ${PROJECT_SOURCE_DIR}/src/${below})
  endforeach()
  link_ours(normlab-${name} ${ARG_SEES} ${ARG_LINKS})
endfunction()

# Links a layer, or what a layer stands on, by its short name.
function(link_ours target)
  foreach(word ${ARGN})
    if(TARGET normlab-${word})
      set(word normlab-${word})
    endif()
    target_link_libraries(${target} PRIVATE ${word})
  endforeach()
endfunction()

# What lists cases, and gives them their labels.
set(listers ${PROJECT_SOURCE_DIR}/cmake/discover.cmake ${PROJECT_SOURCE_DIR}/cmake/long.cmake ${PROJECT_SOURCE_DIR}/tests/long.txt
  ${PROJECT_SOURCE_DIR}/tests/long-sanitized.txt)

# The tests of a layer: tests/LAYER/*.c, a program each. They see no more than its line names. Of all tests, cases whose
# names are QUICK, a regular expression, are asked by `./normlab test -L quick`, but for those of tests/long.txt.
#   layer_tests(norm SEES base tensor tape norm check QUICK .+)
function(layer_tests layer)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${layer}/*.c)
  foreach(source ${sources})
    layer_test(${layer} ${source} ${ARGN})
  endforeach()
endfunction()

# Each of a program's cases becomes a CTest case named by the program (`--list` prints "name label" lines after
# every build), so a new case needs no line anywhere.
function(layer_test layer source)
  cmake_parse_arguments(ARG "" "QUICK" "SEES;LINKS" ${ARGN})
  get_filename_component(name ${source} NAME_WE)
  add_executable(test-${name} ${source})
  target_include_directories(test-${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${layer})
  foreach(below ${ARG_SEES})
    target_include_directories(test-${name} PRIVATE ${PROJECT_SOURCE_DIR}/src/${below})
  endforeach()
  link_ours(test-${name} ${ARG_SEES} harness PkgConfig::CMOCKA ${ARG_LINKS} ${quadmath} m)
  set(cases ${CMAKE_CURRENT_BINARY_DIR}/${name}.cmake)
  add_custom_command(TARGET test-${name} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:test-${name}> -DSUITE=${name} -DCASES=${cases}
            -DFOLDER=${PROJECT_SOURCE_DIR} "-DQUICK=${ARG_QUICK}" -DNORMLAB_SANITIZE=${NORMLAB_SANITIZE}
            -P ${PROJECT_SOURCE_DIR}/cmake/discover.cmake
    BYPRODUCTS ${cases} VERBATIM)
  set_property(TARGET test-${name} APPEND PROPERTY LINK_DEPENDS ${listers})
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${cases})
endfunction()

# A test script is tests/NAME.py with the same manners (`--list`, a case's name); it finds the program in
# NORMLAB_PROGRAM. The cases of tests/FOLDER/NAME.py are called FOLDER.NAME.CASE.
# Cases whose names are RELEASE are of a release build alone: sanitizers see nothing there that others do not show them.
# Cases that READ files are listed anew when these change; cases that run longer than five minutes have a LIMIT, in
# seconds, and no other test beside them.
#   script_test(cli QUICK "files|specs" RELEASE "pasted")
function(script_test name)
  cmake_parse_arguments(ARG "" "QUICK;RELEASE;LIMIT" "READ" ${ARGN})
  if(NORMLAB_SANITIZE)
    set(without ${ARG_RELEASE})
  endif()
  set(script ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py)
  string(REPLACE "/" "." name ${name})
  set(cases ${CMAKE_CURRENT_BINARY_DIR}/${name}.cmake)
  add_custom_command(OUTPUT ${cases}
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=${script} -DSUITE=${name} -DCASES=${cases}
            -DFOLDER=${PROJECT_SOURCE_DIR} -DNORMLAB=$<TARGET_FILE:normlab> "-DQUICK=${ARG_QUICK}" -DNORMLAB_SANITIZE=${NORMLAB_SANITIZE} "-DWITHOUT=${without}"
            "-DLIMIT=${ARG_LIMIT}"
            -P ${PROJECT_SOURCE_DIR}/cmake/discover.cmake
    DEPENDS ${script} ${ARG_READ} ${listers} VERBATIM)
  add_custom_target(test-${name} ALL DEPENDS ${cases} normlab)
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${cases})
endfunction()

# Cases that the program itself lists (`normlab WORD --list`) and judges (`normlab WORD --case NAME`), a test for all of a subject.
#   command_test(check)
function(command_test word)
  cmake_parse_arguments(ARG "" "QUICK" "" ${ARGN})
  set(cases ${CMAKE_CURRENT_BINARY_DIR}/${word}_command.cmake)
  add_custom_command(OUTPUT ${cases}
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:normlab> -DWORD=${word} -DSUITE=${word} -DCASES=${cases}
            -DFOLDER=${PROJECT_SOURCE_DIR} "-DQUICK=${ARG_QUICK}" -DNORMLAB_SANITIZE=${NORMLAB_SANITIZE} -P ${PROJECT_SOURCE_DIR}/cmake/discover.cmake
    DEPENDS normlab ${listers} VERBATIM)
  add_custom_target(test-${word}_command ALL DEPENDS ${cases})
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${cases})
endfunction()

# The program: the tool, over every experiment that has a folder with a run.c.
file(GLOB tool CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/tool/*.c)
file(GLOB runs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/experiments/*/run.c)
set(found "")
foreach(run ${runs})
  get_filename_component(folder ${run} DIRECTORY)
  get_filename_component(stem ${folder} NAME)
  string(MAKE_C_IDENTIFIER ${stem} stem)
  string(APPEND found "EXPERIMENT(${stem})\n")
endforeach()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/experiments.def CONTENT "${found}")
target_include_directories(normlab-study PRIVATE ${PROJECT_BINARY_DIR}/generated)
# An experiment may see every layer, not the tool.
file(GLOB texts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/experiments/*/*.c)
add_library(normlab-experiments OBJECT ${texts})
foreach(below base tensor tape norm check net trial dataset task gate train probe speed store figure study)
  target_include_directories(normlab-experiments PRIVATE ${PROJECT_SOURCE_DIR}/src/${below})
endforeach()
target_sources(normlab-study PRIVATE $<TARGET_OBJECTS:normlab-experiments>)
link_ours(normlab-study check trial speed)
# The grammars of specs and equations, for the manual (src/tool/help_language.c).
include(grammar)
grammar(spec ${PROJECT_SOURCE_DIR}/src/base/spec.h)
grammar(equation ${PROJECT_SOURCE_DIR}/src/equation/equation.h)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/grammars.h @ONLY
  CONTENT "static const char SPEC_GRAMMAR[] =\n    @spec@;\nstatic const char EQUATION_GRAMMAR[] =\n    @equation@;\n")
# Words that `new` refuses as names (src/tool/naming.c).
file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*/*.h)
file(GLOB readers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/base/*.c ${PROJECT_SOURCE_DIR}/src/norm/*.c
  ${PROJECT_SOURCE_DIR}/src/net/*.c ${PROJECT_SOURCE_DIR}/src/task/*.c ${PROJECT_SOURCE_DIR}/src/train/*.c ${PROJECT_SOURCE_DIR}/src/tool/apply.c)
set(words ${PROJECT_BINARY_DIR}/generated/words.def)
add_custom_command(OUTPUT ${words}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${words} "-DHEADERS=${headers}" "-DREADERS=${readers}"
          -DNM=${CMAKE_NM} "-DOBJECTS=${public_objects}" -P ${PROJECT_SOURCE_DIR}/cmake/words.cmake
  DEPENDS ${headers} ${readers} ${public_objects} ${PROJECT_SOURCE_DIR}/cmake/words.cmake VERBATIM)
# A plugin calls any function that the public headers declare, so the program contains those layers whole.
add_executable(normlab ${tool} ${words} ${public_objects})
set_target_properties(normlab PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} ENABLE_EXPORTS ON
  INSTALL_RPATH_USE_LINK_PATH ON)
target_compile_definitions(normlab PRIVATE NORMLAB_VERSION="${PROJECT_VERSION}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$") # it speaks where the rest of the program cannot run
  set_source_files_properties(${PROJECT_SOURCE_DIR}/src/tool/processor.c PROPERTIES COMPILE_OPTIONS -march=x86-64)
endif()
target_include_directories(normlab PRIVATE ${PROJECT_BINARY_DIR}/generated)
set(layers base equation tensor tape norm api export check net trial dataset task ranks gate train probe speed store figure claim study weave tool)
foreach(below ${layers})
  target_include_directories(normlab PRIVATE ${PROJECT_SOURCE_DIR}/src/${below})
endforeach()
foreach(below weave study claim figure speed probe train ranks store gate task dataset trial net check export api norm tape tensor base)
  target_link_libraries(normlab PRIVATE normlab-${below})
endforeach()
target_link_libraries(normlab PRIVATE ${quadmath} OpenMP::OpenMP_C normlab-gsl ${CMAKE_DL_LIBS} m)
# What is installed beside it, as it says itself.
set(pages ${PROJECT_BINARY_DIR}/generated)
add_custom_command(TARGET normlab POST_BUILD
  COMMAND normlab help --man > ${pages}/normlab.1
  COMMAND normlab help --man-spec > ${pages}/normlab-spec.7
  COMMAND normlab help --bash > ${pages}/normlab.bash
  COMMAND normlab help --zsh > ${pages}/_normlab
  BYPRODUCTS ${pages}/normlab.1 ${pages}/normlab-spec.7 ${pages}/normlab.bash ${pages}/_normlab VERBATIM)
set_property(TARGET normlab APPEND PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/experiments/claims.txt) # whose names are completed
add_dependencies(normlab abi-header normlab-library normlab-shared normlab-page) # so that what `./normlab` builds can be installed

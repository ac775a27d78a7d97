# Arithmetic is part of the product: no option may let a compiler reorder it, drop its zeros' signs or its smallest
# numbers, contract it, or keep it in another precision, wherever the option comes from.
set(reordering
  Ofast ffast-math funsafe-math-optimizations ffinite-math-only fassociative-math freciprocal-math fno-signed-zeros
  fcx-limited-range fcx-fortran-rules fcx-method=[a-z]+ ffp-model=[a-z]+ ffp-contract=fast[a-z-]* ffp-contract=on fapprox-func
  fno-honor-nans fno-honor-infinities fdenormal-fp-math[a-z0-9-]*=[a-z,-]+ fsingle-precision-constant ffp-eval-method=[a-z]+
  fexcess-precision=[a-z0-9]+ menable-[a-z-]+ mdaz-ftz mrecip[a-z0-9=:,!-]* mfpmath=[a-z0-9,+]*387[a-z0-9,+]* mpc[0-9]+
  mlong-double-[0-9]+ mno-sse2? msoft-float)
list(JOIN reordering "|" reordering)

# The first such option in a text, "" where there is none. Options stand alone, or in generator expressions.
function(find_reordering text variable)
  set(${variable} "" PARENT_SCOPE)
  if("${text}" MATCHES "(^|[ \t;:,>\"'])(--?(${reordering}))($|[ \t;,>\"'])")
    set(${variable} "${CMAKE_MATCH_2}" PARENT_SCOPE)
  endif()
endfunction()

# Every place from which this folder's targets may have got options.
function(refuse_reordered_arithmetic)
  foreach(tool C_FLAGS EXE_LINKER_FLAGS SHARED_LINKER_FLAGS MODULE_LINKER_FLAGS)
    list(APPEND places CMAKE_${tool})
    foreach(type ${CMAKE_BUILD_TYPE} ${CMAKE_CONFIGURATION_TYPES})
      string(TOUPPER ${type} type)
      list(APPEND places CMAKE_${tool}_${type})
    endforeach()
  endforeach()
  foreach(inherited COMPILE_OPTIONS LINK_OPTIONS)
    get_directory_property(${inherited} ${inherited})
  endforeach()
  foreach(place ${places} CMAKE_C_COMPILER_ARG1 COMPILE_OPTIONS LINK_OPTIONS)
    find_reordering("${${place}}" option)
    if(option)
      message(FATAL_ERROR "normlab: refusing to build with reordered arithmetic: ${option} in ${place}")
    endif()
  endforeach()
endfunction()

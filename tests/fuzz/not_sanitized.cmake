set_tests_properties(inputs.run PROPERTIES DISABLED TRUE)

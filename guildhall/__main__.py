from guildhall.config.manage import main

main()
